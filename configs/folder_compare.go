package configs

import "latchd/lock"

// firsts remembers the first door of each of some name.
type firsts map[string]*InFolder

// other returns the door that has had the name before, nil when none but d has.
func (f firsts) other(name string, d *InFolder) *InFolder {
	if f[name] == nil {
		f[name] = d
	}
	if f[name] == d {
		return nil
	}
	return f[name]
}

// compare looks for what each door's file may say, and no two may, or should.
func compare(doors []*InFolder) {
	names, sites := firsts{}, map[string]*inSite{}
	houses := ownersOf(doors)
	for _, d := range doors {
		c := d.r.cfg
		if d.ID != "" {
			d.compareNames(names)
		}
		d.compareUser(names)
		if c.Site.ID == "" {
			continue
		}
		if sites[c.Site.ID] == nil {
			sites[c.Site.ID] = &inSite{first: d, names: firsts{}, owners: map[string]numbered{}}
		}
		sites[c.Site.ID].compare(d)
		d.compareTexts(houses)
	}
}

// inSite is what is known of the doors of one site.
type inSite struct {
	first  *InFolder
	names  firsts
	owners map[string]numbered
}

// numbered is an owner's number, and in which file it stands.
type numbered struct {
	phone lock.Phone
	file  string
}

// compare looks at one more door of the site.
func (s *inSite) compare(d *InFolder) {
	c, first := d.r.cfg, s.first.r
	if by := s.names.other(c.Door.Name, d); by != nil && c.Door.Name != "" {
		d.warn("door.name", quote(c.Door.Name)+" is the name of "+by.File+" as well", "texts do not tell them apart")
	}
	if first.cfg.MQTT.Prefix != c.MQTT.Prefix {
		d.warn("mqtt.prefix", "is another than that of "+first.file+", of the same site", "who listens to the site hears one of them")
	}
	if first.site != d.r.site {
		d.warn("site.id", quote(c.Site.ID)+" is the site of "+first.file+" as well, which does not include the same file", "give each site an id of its own, or one file")
	}
	for i, o := range c.Owner {
		key := indexed("owner", i) + ".phone"
		if by, ok := s.owners[o.Name]; !ok {
			file, _ := d.r.place(d.r.lineOf(key))
			s.owners[o.Name] = numbered{o.Phone, file}
		} else if by.phone != o.Phone {
			d.warn(key, quote(o.Name)+" has another number in "+by.file, "one of them may be a slip")
		}
	}
}

// ownersOf returns the sites in which each number has a door.
func ownersOf(doors []*InFolder) map[lock.Phone]map[string]bool {
	sites := map[lock.Phone]map[string]bool{}
	for _, d := range doors {
		for _, o := range d.r.cfg.Owner {
			if sites[o.Phone] == nil {
				sites[o.Phone] = map[string]bool{}
			}
			sites[o.Phone][d.r.cfg.Site.ID] = true
		}
	}
	return sites
}

// compareTexts warns of a text that does not say which house it is about, to somebody who has doors in several.
func (d *InFolder) compareTexts(sites map[lock.Phone]map[string]bool) {
	c := d.r.cfg
	if c.Texts.NamesSite() {
		return
	}
	for i, o := range c.Owner {
		if len(sites[o.Phone]) > 1 {
			d.warn(d.r.mine("texts.body", indexed("owner", i)+".phone"), quote(o.Name)+" has doors in several sites, and the texts do not say in which",
				"put {{.Site}} into texts.body")
			return
		}
	}
}
