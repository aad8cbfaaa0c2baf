package breaker

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errBroken = errors.New("broken")

// service is one to be called, which counts its calls.
type service struct {
	calls   int
	err     error
	hang    chan struct{} // nil: it answers
	failing int
	working int
	open    bool
	breaker *Breaker
}

func newService() *service {
	s := &service{}
	s.breaker = New(Settings{Failing: func() { s.failing++ }, Working: func() { s.working++ }, Open: func(open bool) { s.open = open }})
	return s
}

func (s *service) call(ctx context.Context) (string, error) {
	hang, err := s.hang, s.err
	s.calls++
	return Do(ctx, s.breaker, 100*time.Millisecond, func(context.Context) (string, error) {
		if hang != nil {
			<-hang // whatever the context says
		}
		return "answer", err
	})
}

func TestBreaker_ReturnsTheAnswer(t *testing.T) {
	for _, inline := range []bool{false, true} {
		b := New(Settings{Inline: inline})
		answer, err := Do(t.Context(), b, time.Minute, func(context.Context) (string, error) { return "answer", nil })
		require.NoError(t, err)
		assert.Equal(t, "answer", answer)
		_, err = Do(t.Context(), b, time.Minute, func(context.Context) (string, error) { return "", errBroken })
		assert.ErrorIs(t, err, errBroken)
	}
}

func TestBreaker_LeavesAHungServiceAloneAndProbesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.hang = make(chan struct{})
		began := time.Now()
		_, err := s.call(t.Context())
		assert.ErrorIs(t, err, ErrTimeout)
		assert.Equal(t, 100*time.Millisecond, time.Since(began), "it gives up although the service ignores the context")
		for range 5 {
			_, err = s.call(t.Context())
			assert.ErrorIs(t, err, ErrNotAsked)
		}
		assert.Equal(t, 100*time.Millisecond, time.Since(began), "nobody else waits")
		assert.Equal(t, 1, s.failing)
		assert.True(t, s.open)

		time.Sleep(pause + time.Millisecond)
		_, err = s.call(t.Context())
		assert.ErrorIs(t, err, ErrTimeout, "the probe")
		_, err = s.call(t.Context())
		assert.ErrorIs(t, err, ErrNotAsked)

		close(s.hang)
		s.hang = nil
		time.Sleep(pause + time.Millisecond)
		answer, err := s.call(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "answer", answer)
		assert.Equal(t, 1, s.failing, "one failure is reported once")
		assert.Equal(t, 1, s.working)
		assert.False(t, s.open)
	})
}

// A cache that is full can be read and not be written to, so every other probe succeeds.
func TestBreaker_ReportsAServiceThatHalfWorksOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		for began := time.Now(); time.Since(began) < 150*time.Second; time.Sleep(pause + time.Millisecond) {
			s.err = nil
			_, err := s.call(t.Context())
			require.NoError(t, err)
			assert.False(t, s.open)
			s.err = errBroken
			for range failures {
				_, err := s.call(t.Context())
				require.ErrorIs(t, err, errBroken)
			}
			assert.True(t, s.open)
		}
		assert.Equal(t, 3, s.failing)
		assert.Equal(t, 3, s.working)
	})
}

func TestBreaker_ProbesWithOneCallAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.hang = make(chan struct{})
		_, _ = s.call(t.Context())
		time.Sleep(pause + time.Millisecond)
		probe := make(chan error)
		go func() {
			_, err := s.call(t.Context())
			probe <- err
		}()
		synctest.Wait()
		_, err := s.call(t.Context())
		assert.ErrorIs(t, err, ErrNotAsked)
		close(s.hang)
		assert.NoError(t, <-probe)
	})
}

func TestBreaker_LeavesAServiceAloneAfterSomeErrorsInARow(t *testing.T) {
	for _, inline := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newService()
			s.breaker.settings.Inline = inline
			s.err = errBroken
			for range failures - 1 {
				_, err := s.call(t.Context())
				assert.ErrorIs(t, err, errBroken)
			}
			s.err = nil
			for range 2 {
				_, err := s.call(t.Context())
				require.NoError(t, err)
			}
			s.err = errBroken
			for range failures {
				_, err := s.call(t.Context())
				assert.ErrorIs(t, err, errBroken, "an answer in between ends a row")
			}
			_, err := s.call(t.Context())
			assert.ErrorIs(t, err, ErrNotAsked)
			assert.Equal(t, 1, s.failing)

			s.err = nil
			time.Sleep(pause + time.Millisecond)
			for range 2 {
				_, err := s.call(t.Context())
				require.NoError(t, err)
			}
			assert.Equal(t, 1, s.working)
		})
	}
}

func TestBreaker_RemindsOfALastingFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.err = errBroken
		for began := time.Now(); time.Since(began) < 150*time.Second; time.Sleep(250 * time.Millisecond) {
			_, err := s.call(t.Context())
			require.Error(t, err)
		}
		assert.Equal(t, 3, s.failing)
		assert.Zero(t, s.working)
	})
}

func TestBreaker_ACallerWhoLeavesSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.hang = make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		for range 10 {
			_, err := s.call(ctx)
			assert.Error(t, err)
		}
		close(s.hang)
		s.hang = nil
		_, err := s.call(t.Context())
		assert.NoError(t, err)
		assert.Zero(t, s.failing)
	})
}

// Each probe of a service that never answers leaves a goroutine behind.
func TestBreaker_BoundsWhatIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, hang := newService(), make(chan struct{})
		var begun atomic.Int32
		for range 2 * maxRunning {
			_, err := Do(t.Context(), s.breaker, 100*time.Millisecond, func(context.Context) (string, error) {
				begun.Add(1)
				<-hang
				return "", nil
			})
			assert.ErrorIs(t, err, ErrTimeout)
			time.Sleep(pause + time.Millisecond)
		}
		assert.EqualValues(t, maxRunning, begun.Load())
		close(hang)
		synctest.Wait()
		_, err := s.call(t.Context())
		assert.NoError(t, err)
	})
}

// A caller may recover, and the breaker has to go on.
func TestBreaker_APanicReachesTheCaller(t *testing.T) {
	for _, inline := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := New(Settings{Inline: inline})
			for range failures {
				assert.PanicsWithValue(t, "boom", func() {
					_, _ = Do(t.Context(), b, time.Second, func(context.Context) (string, error) { panic("boom") })
				})
			}
			_, err := Do(t.Context(), b, time.Second, func(context.Context) (string, error) { return "", nil })
			assert.ErrorIs(t, err, ErrNotAsked)
			time.Sleep(pause + time.Millisecond)
			_, err = Do(t.Context(), b, time.Second, func(context.Context) (string, error) { return "", nil })
			assert.NoError(t, err)
		})
	}
}

func TestBreaker_ASlowServiceIsNotLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		for range 2 * failures {
			_, err := Do(t.Context(), s.breaker, 100*time.Millisecond, func(context.Context) (string, error) {
				for range 10 {
					time.Sleep(20 * time.Millisecond)
					s.breaker.Answered()
				}
				return "", nil
			})
			assert.ErrorIs(t, err, ErrTimeout)
		}
		assert.Zero(t, s.failing)
		time.Sleep(time.Second)
	})
}
