package configs

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// outcome is what came of reading a file.
type outcome struct {
	data []byte
	err  error
}

// sameFiles knows a file under each of its names, and reads each name once.
type sameFiles struct {
	known map[string]string // the whole path behind all links, by name
	first map[string]string // the name that came first, by that path
	read  map[string]outcome
}

func (s *sameFiles) open(path string) ([]byte, error) {
	o, ok := s.read[path]
	if !ok {
		o.data, o.err = openRegular(path)
		s.read[path] = o
	}
	return o.data, o.err
}

// real returns a file's whole path behind all links, as far as it can be told.
func (s *sameFiles) real(path string) string {
	if s.known[path] == "" {
		whole, err := filepath.Abs(path)
		if err != nil {
			whole = path
		}
		if behind, err := filepath.EvalSymlinks(whole); err == nil {
			whole = behind
		}
		s.known[path] = whole
	}
	return s.known[path]
}

// name returns the one name by which a file is told, however it is linked.
func (s *sameFiles) name(path string) string {
	if path == "" {
		return ""
	}
	real := s.real(path)
	if s.first[real] == "" {
		s.first[real] = path
	}
	return s.first[real]
}

// within says whether a file lies below a folder, behind all links.
func (s *sameFiles) within(root, path string) bool {
	rel, err := filepath.Rel(root, s.real(path))
	return err == nil && filepath.IsLocal(rel)
}

// tomlFiles lists the *.toml under a folder, with what cannot be read and the links to folders already in out.
func tomlFiles(dir string) (files []string, out *Folder, err error) {
	root, out := dir+"/", &Folder{} // so that a link to a folder is followed
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path == root:
			return err
		case err != nil:
			r := read(path, nil)
			r.unreadable("cannot be read: "+err.Error(), "")
			out.Doors = append(out.Doors, r.asDoor())
		case strings.HasPrefix(d.Name(), ".") && d.IsDir() && path != root:
			return filepath.SkipDir
		case d.Type()&fs.ModeSymlink != 0 && isFolder(path):
			out.Links = append(out.Links, path)
		case !d.IsDir() && filepath.Ext(path) == ".toml":
			files = append(files, path)
		}
		return nil
	})
	return files, out, err
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
