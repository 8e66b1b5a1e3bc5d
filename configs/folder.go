package configs

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// InFolder is one door's file in a folder of many.
type InFolder struct {
	File     string
	ID       string  // SITE/DOOR, as far as it can be read
	Config   *Config // nil when it is at fault
	Faults   Faults  // of the file and the one that it includes, and what it has in common with another door and may not
	Warnings Faults

	r *reading
}

// LoadFolder reads every *.toml under a folder that is a door's own file, each with the one that it includes, and compares
// them. A door's own file has [door], or includes another. Loose are the files that no door includes. The error is of a
// folder that cannot be read. It opens no other file, and hidden folders it passes over.
func LoadFolder(dir string) (doors []InFolder, loose []string, err error) {
	files, err := tomlFiles(dir)
	if err != nil {
		return nil, nil, err
	}
	type outcome struct {
		data []byte
		err  error
	}
	read := map[string]outcome{}
	open := func(path string) ([]byte, error) {
		o, ok := read[path]
		if !ok {
			o.data, o.err = openFile(path)
			read[path] = o
		}
		return o.data, o.err
	}
	included := map[string]bool{}
	var all []*reading
	for _, file := range files {
		data, err := open(file)
		if err != nil {
			return nil, nil, err
		}
		r := readBoth(file, data, open)
		included[r.site] = true
		all = append(all, r)
	}
	for _, r := range all {
		switch {
		case included[r.file]:
		case r.has("door") || r.has(includeKey):
			doors = append(doors, r.asDoor())
		default:
			loose = append(loose, r.file)
		}
	}
	compare(doors)
	return doors, loose, nil
}

func tomlFiles(dir string) (files []string, err error) {
	root := dir + "/" // so that a link to a folder is followed
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case !d.IsDir() && filepath.Ext(path) == ".toml":
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

// has says whether a table or key stands in the file, or what was probably meant for it.
func (r *reading) has(key string) bool { return r.at[key] > 0 || r.broken[key] || r.meant[key] }

func (r *reading) asDoor() InFolder {
	d := InFolder{File: r.file, ID: r.cfg.DoorID(), r: r}
	r.judge()
	if d.Faults = r.sorted(); len(d.Faults) == 0 {
		r.warn()
		d.Config, d.Warnings = r.cfg, r.cfg.warnings
	}
	return d
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
