package configs

// InFolder is one door's file in a folder of many.
type InFolder struct {
	File     string
	ID       string  // SITE/DOOR; empty when the door's own cannot be read
	Config   *Config // nil when it is at fault
	Faults   Faults  // of the file and the one that it includes, and what it has in common with another door and may not
	Warnings Faults

	r *reading // nil when there is nothing to compare
}

// Folder is the files of many doors.
type Folder struct {
	Doors []InFolder // and what cannot be read
	Loose []string   // files that no door includes, and that are no door's
	Links []string   // links to folders, which are not followed
}

// LoadFolder reads every *.toml under a folder that is a door's own file, each with the one that it includes, and compares
// them. A door's own file has [door], or includes another; no door may include it. The error is of a folder that cannot be
// read. It opens no other file, and hidden folders it passes over.
func LoadFolder(dir string) (*Folder, error) {
	files, out, err := tomlFiles(dir)
	if err != nil {
		return nil, err
	}
	s := &sameFiles{known: map[string]string{}, first: map[string]string{}, read: map[string]outcome{}}
	root := s.real(dir)
	by := map[string]string{} // which file includes it
	var all []*reading
	for _, file := range files {
		data, err := s.open(file)
		r := readBoth(file, data, s.open)
		if err != nil {
			r.unreadable("cannot be read: "+err.Error(), "")
		}
		r.named(s.name(r.site))
		if path := r.includes(); path != "" {
			by[s.name(path)] = file
		}
		all = append(all, r)
	}
	for _, r := range all {
		by := by[s.name(r.file)]
		switch door := r.has("door") || r.has(includeKey); {
		case by != "" && s.read[r.file].err != nil: // who includes it says so
		case by != "" && door:
			out.Doors = append(out.Doors, r.asIncluded(by))
		case by != "":
		case door:
			d := r.asDoor()
			if path := r.includes(); path != "" && !s.within(root, path) {
				d.warn(includeKey, quote(path)+" is outside of the folder", "it may be another one on the door")
			}
			out.Doors = append(out.Doors, d)
		default:
			out.Loose = append(out.Loose, r.file)
		}
	}
	var doors []*InFolder
	for i := range out.Doors {
		if out.Doors[i].r != nil {
			doors = append(doors, &out.Doors[i])
		}
	}
	compare(doors)
	return out, nil
}

// named gives the included file the name that it has for others.
func (r *reading) named(site string) {
	for i, f := range r.faults {
		if f.File == r.site {
			r.faults[i].File = site
		}
	}
	r.site = site
}

// has says whether a table or key stands in the file, or what was probably meant for it.
func (r *reading) has(key string) bool { return r.at[key] > 0 || r.broken[key] || r.meant[key] }

func (r *reading) asDoor() InFolder {
	d := InFolder{File: r.file, ID: r.id(), r: r}
	r.judge()
	if d.Faults = r.sorted(); len(d.Faults) == 0 {
		r.warn()
		d.Config, d.Warnings = r.cfg, r.cfg.warnings
	}
	return d
}

// asIncluded is a door's file that another takes for what doors share. Its other faults are of no use before it is one or the other.
func (r *reading) asIncluded(by string) InFolder {
	r.faults = nil
	r.fault(r.lineOf("door"), "", "is a door's file, and "+by+" includes it", "what doors share stands in a file without [door] and include")
	return InFolder{File: r.file, ID: r.id(), Faults: r.faults}
}

func (r *reading) id() string {
	if r.cfg.Door.ID == "" {
		return ""
	}
	return r.cfg.DoorID()
}

func (d *InFolder) fault(key, problem, remedy string) {
	d.r.faults = nil
	d.r.refuse(key, problem, remedy)
	d.Faults = append(d.Faults, d.r.faults...)
	if len(d.r.faults) > 0 {
		d.Config = nil
	}
}

func (d *InFolder) warn(key, problem, remedy string) {
	d.r.faults = nil
	d.r.refuse(key, problem, remedy)
	d.Warnings = append(d.Warnings, d.r.faults...)
}

// own says whether a key stands in the door's own file.
func (d *InFolder) own(key string) bool { return d.r.at[key] > d.r.seam }
