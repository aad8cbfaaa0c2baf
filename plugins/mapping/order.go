package mapping

import (
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// Charged is CleverTap's event for purchases, with keys of its own for the order's number, total and lines.
// https://developer.clevertap.com/docs/upload-events-api
const (
	Charged    = "Charged"
	chargedID  = "Charged ID"
	amountKey  = "Amount"
	itemsKey   = "Items"
	orderName  = "Order Completed"
	orderName1 = "Completed Order" // of the spec's first version
)

// Where the keys of Charged come from, the best source first.
// https://segment.com/docs/connections/spec/ecommerce/v2/: total is what the customer paid, revenue is not.
var (
	chargedIDSources = [...]string{chargedID, "order_id", "orderId", "checkout_id"}
	amountSources    = [...]string{amountKey, "total", "revenue", "value"}
	itemsSources     = [...]string{"products", itemsKey}
)

func isOrder(event string) bool {
	event = strings.TrimSpace(event)
	return strings.EqualFold(event, orderName) || strings.EqualFold(event, orderName1) ||
		strings.EqualFold(event, Charged)
}

// addOrder adds the properties of an order. Those that became keys of Charged do not appear again under their own name.
func (m *Mapper) addOrder(properties jsontree.Value) error {
	items, err := m.addItems(properties)
	if err != nil {
		return err
	}
	id := m.addChargedID(properties)
	amount := m.addAmount(properties)
	for name, v := range properties.Members() {
		if name == id || name == amount || name == items {
			continue
		}
		m.addMember(&m.set, m.properties, name, v)
	}
	return nil
}

// none is the name of no property.
const none = "\x00"

// addChargedID returns the name of the property that it used.
func (m *Mapper) addChargedID(properties jsontree.Value) string {
	t := m.properties.target(chargedID)
	for _, name := range chargedIDSources {
		v := properties.Get(name)
		switch {
		case v.Kind() == jsontree.Number:
			m.set.commit(t, fixed, v.AppendLiteral(m.set.begin(t)))
		case strings.TrimSpace(v.Text()) != "":
			m.addText(&m.set, t, v.Text())
		default:
			continue
		}
		return name
	}
	return none
}

// addAmount returns the name of the property that it used.
func (m *Mapper) addAmount(properties jsontree.Value) string {
	t := m.properties.target(amountKey)
	for _, name := range amountSources {
		v := properties.Get(name)
		text := strings.TrimSpace(v.Text())
		switch {
		case v.Kind() == jsontree.Number:
			m.set.commit(t, fixed, v.AppendLiteral(m.set.begin(t)))
		case isDecimal(text):
			m.set.commit(t, fixed, appendDecimal(m.set.begin(t), text))
		default:
			continue
		}
		return name
	}
	return none
}

// addItems turns the products into Items, a list in every mode. It returns the name of the property that it used.
func (m *Mapper) addItems(properties jsontree.Value) (string, error) {
	for _, name := range itemsSources {
		products := properties.Get(name)
		if products.Kind() == jsontree.Null {
			continue
		}
		if products.Kind() != jsontree.Array {
			return "", &segment.Error{Reason: InvalidProducts, Field: "properties." + name, Rule: "must be a list of objects"}
		}
		return name, m.appendItems(name, products)
	}
	return none, nil
}

func (m *Mapper) appendItems(name string, products jsontree.Value) error {
	t, field := m.properties.target(itemsKey), "properties."+name
	buf, count := append(m.set.begin(t), '['), 0
	for _, product := range products.Elements() {
		switch product.Kind() {
		case jsontree.Null:
			continue
		case jsontree.Object:
		default:
			return &segment.Error{Reason: InvalidProducts, Field: field, Rule: "must be a list of objects"}
		}
		m.begin(&m.item, field)
		m.addMembers(&m.item, m.itemKeys, product)
		if len(m.item.list) == 0 {
			continue
		}
		if count == clevertap.MaxItems {
			m.exceed(ItemsDropped, "", "lists more than 256 items")
			continue
		}
		if count++; count > 1 {
			buf = append(buf, ',')
		}
		buf, _ = m.item.appendTo(append(buf, '{'), len(m.item.list))
		buf = append(buf, '}')
	}
	m.field = "properties"
	if count > 0 {
		m.set.commit(t, fixed, append(buf, ']'))
	}
	return nil
}
