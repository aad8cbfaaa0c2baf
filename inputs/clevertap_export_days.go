package inputs

import (
	"fmt"
	"time"
)

// day is a calendar day of the project's time zone, as the number YYYYMMDD that exports take; 0 is no day.
type day int

const dayLayout = "2006-01-02"

func dayOf(t time.Time) day {
	year, month, d := t.Date()
	return day(year*10000 + int(month)*100 + d)
}

// dayIn is the day that a clock in the zone shows.
func dayIn(t time.Time, zone *time.Location) day { return dayOf(t.In(zone)) }

func parseDay(text string) (day, error) {
	t, err := time.Parse(dayLayout, text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a day such as 2026-03-31", text)
	}
	return dayOf(t), nil
}

// add counts calendar days, so it needs no zone: where clocks change, a day is still one day.
func (d day) add(days int) day {
	return dayOf(time.Date(int(d)/10000, time.Month(int(d)/100%100), int(d)%100+days, 0, 0, 0, 0, time.UTC))
}

func (d day) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", int(d)/10000, int(d)/100%100, int(d)%100)
}

// window is a range of days, both inclusive.
type window struct {
	from, to day
}

// windowFrom cuts the next window out of the days from start to last, at most maxDays long; 0 is no maximum.
func windowFrom(start, last day, maxDays int) window {
	if maxDays > 0 {
		last = min(last, start.add(maxDays-1))
	}
	return window{start, last}
}

func (w window) days() []day {
	var all []day
	for d := w.from; d <= w.to; d = d.add(1) {
		all = append(all, d)
	}
	return all
}

func (w window) holds(d day) bool { return d >= w.from && d <= w.to }

// openUntil is the first day that has to be read again after a window was read: records may still arrive for the days
// since `lookback` days before the day on which its export was opened.
func (w window) openUntil(opened day, lookback int) day {
	return min(w.to.add(1), opened.add(-lookback))
}
