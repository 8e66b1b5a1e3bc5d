package configs

import (
	"cmp"
	"net"
	"net/url"
	"strings"
	"unicode"
)

// compareNames looks whether another door has one of the names under which this one is known beyond its own machine.
func (d *InFolder) compareNames(names firsts) {
	c := d.r.cfg
	same := func(by *InFolder) {
		d.fault("door.id", quote(d.ID)+" is the door of "+by.File+" as well", "give each an id of its own")
	}
	if c.Site.ID != "" {
		if by := names.other("door of a site "+d.ID, d); by != nil {
			same(by)
			return
		}
	}
	topics, entity := c.MQTT.Prefix+"/"+d.ID, c.entity()
	var near, alike *InFolder
	for _, b := range c.brokersElsewhere() {
		byID, byTopics := names.other("id "+d.ID+" at "+b.Host, d), names.other("topics "+topics+" at "+b.Host, d)
		near = cmp.Or(near, names.other("id "+d.ID+" on "+b.Hostname(), d), names.other("topics "+topics+" on "+b.Hostname(), d))
		if c.MQTT.Discovery != "" {
			alike = cmp.Or(alike, names.other("entity "+c.MQTT.Discovery+" "+entity+" on "+b.Hostname(), d))
		}
		if byID != nil {
			same(byID)
			return
		}
		if byTopics != nil {
			d.fault("door.id", quote(topics)+" are the topics of "+byTopics.File+" as well", "give one another prefix or id")
			return
		}
	}
	switch {
	case near != nil:
		d.warn("door.id", quote(d.ID)+" has the id or the topics of "+near.File+", at another port of the same host", "give each an id of its own, unless these are two brokers")
	case alike != nil:
		d.warn("door.id", quote(d.ID)+" has the entity ids of "+alike.File+" in Home Assistant", "it numbers those that come second, as in lock."+entity+"_lock_2, unless one has another id")
	}
}

// compareUser warns of a user who stands for another door, too, where no certificate tells them apart.
func (d *InFolder) compareUser(names firsts) {
	m := d.r.cfg.MQTT
	if m.Username == "" || m.Cert != "" && !d.own("mqtt.username") {
		return
	}
	for _, b := range d.r.cfg.brokersElsewhere() {
		if by := names.other("user "+m.Username+" on "+b.Hostname(), d); by != nil {
			d.warn("mqtt.username", "is that of "+by.File+" as well", "give each door a user, or the broker does not tell them apart")
			return
		}
	}
}

// brokersElsewhere returns the brokers that other machines may share, in small letters and each with its port.
func (c *Config) brokersElsewhere() (all []*url.URL) {
	for _, broker := range c.MQTT.Brokers {
		u, err := url.Parse(strings.ToLower(broker))
		if err != nil || isLoopback(u.Hostname()) {
			continue
		}
		if u.Port() == "" {
			u.Host = net.JoinHostPort(u.Hostname(), map[string]string{"ws": "80", "wss": "443"}[u.Scheme])
		}
		all = append(all, u)
	}
	return all
}

// entity is how Home Assistant begins the ids of the door's entities: what is neither letter nor digit is one _ to it
// (homeassistant/util, slugify).
func (c *Config) entity() string {
	words := strings.FieldsFunc(c.DoorID(), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return "latchd_" + strings.Join(words, "_")
}
