package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

//go:embed page
var page embed.FS

// file serves a file of the pages, compressed where the browser takes that. Its tag is made of what it holds: a browser asks
// each time, and hears in a few bytes that it has the newest.
func file(name string) http.HandlerFunc {
	packed := sync.OnceValues(func() (whole, small []byte) {
		whole, err := page.ReadFile("page/" + name)
		if err != nil {
			panic("web: " + err.Error()) // it is embedded
		}
		return whole, pack(whole)
	})
	return func(w http.ResponseWriter, r *http.Request) {
		b, small := packed()
		h := w.Header()
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", fmt.Sprintf(`W/"%x"`, sha256.Sum256(b)))
		h.Set("Vary", "Accept-Encoding")
		if takesGzip(r) {
			h.Set("Content-Encoding", "gzip")
			b = small
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
	}
}

func pack(b []byte) []byte {
	var small bytes.Buffer
	z, _ := gzip.NewWriterLevel(&small, gzip.BestCompression) // a level that there is
	z.Write(b)                                                // a Buffer takes everything
	z.Close()
	return small.Bytes()
}

func takesGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}

// packed compresses what is written to w, where the client takes that, until done is called.
func packed(w http.ResponseWriter, r *http.Request) (out io.Writer, done func()) {
	w.Header().Set("Vary", "Accept-Encoding")
	if !takesGzip(r) {
		return w, func() {}
	}
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	return z, func() { z.Close() } // a client that has left is no news
}
