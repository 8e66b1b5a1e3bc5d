package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What the page has typed and written gives Prometheus all that it needs to read a door from elsewhere.
func TestPrometheusIsSetUpAsThePageSays(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("no openssl here: apt install openssl")
	}
	h := newTypist(t, "\":%s\"\nmetrics = true\nhosts = [\"door.home.arpa\"]\n")
	etc := filepath.Join(h.dir, "prometheus")
	places := strings.NewReplacer("/var/lib/latchd", h.dir+"/journal", "/etc/prometheus", etc, " -g prometheus", "",
		"latchd client add prometheus", "latchd client add prometheus --config "+h.config)
	rules, err := os.ReadFile("../../configs/prometheus-rules.yml")
	if err == nil {
		err = errors.Join(os.Mkdir(etc, 0o700), os.WriteFile(filepath.Join(h.dir, "prometheus-rules.yml"), rules, 0o600),
			os.WriteFile(filepath.Join(etc, "prometheus.yml"), []byte(places.Replace(fenced(t, "docs/pages.md", "rule_files:"))), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	_, noPromtool := exec.LookPath("promtool")
	id, secret := "", ""
	for line := range strings.Lines(prometheusSetUp(t)) {
		line = remark.ReplaceAllString(strings.TrimPrefix(strings.TrimSpace(line), "sudo "), "")
		if noPromtool != nil && strings.HasPrefix(line, "promtool ") || strings.HasPrefix(line, "nano ") || strings.HasPrefix(line, "systemctl ") {
			continue
		}
		line = strings.Replace(line, "/dev/stdin", "$PASTED", 1)
		out := h.must("docs/pages.md", line, h.dir, places.Replace(line))
		if strings.HasPrefix(line, "latchd client add") {
			words := strings.Fields(out)
			id, secret = words[1], words[3]
			h.vars["PASTED"] = filepath.Join(h.dir, "pasted")
			if err := os.WriteFile(h.vars["PASTED"], []byte(secret+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.scrapedFromElsewhere(filepath.Join(etc, "door.pem"), id, filepath.Join(etc, "latchd-secret"))
	if noPromtool != nil {
		t.Skip("all but promtool was run: apt install prometheus")
	}
}

// scrapedFromElsewhere reads the metrics as Prometheus does through a proxy, which is asked what one elsewhere is asked.
func (h *typist) scrapedFromElsewhere(ca, id, secretFile string) {
	h.t.Helper()
	pem, err := os.ReadFile(ca)
	secret, err2 := os.ReadFile(secretFile)
	if err := errors.Join(err, err2); err != nil {
		h.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) || strings.Contains(string(pem), "PRIVATE KEY") {
		h.t.Fatal("door.pem is not the certificate alone")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "door.home.arpa"}}
	defer transport.CloseIdleConnections()
	ask, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, strings.Replace(h.vars["DOOR"], "http:", "https:", 1)+"/metrics", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	ask.Host = "door.home.arpa"
	ask.Header.Set("X-Forwarded-For", "192.0.2.1")
	for end := time.Now().Add(patience); ; <-time.After(100 * time.Millisecond) { // a client is taken over within seconds
		ask.SetBasicAuth(id, strings.TrimSpace(string(secret)))
		answer, err := (&http.Client{Transport: transport, Timeout: patience}).Do(ask)
		if err != nil {
			h.t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err == nil && answer.StatusCode == http.StatusOK && strings.Contains(string(body), "latchd_strike_state") {
			return
		}
		if time.Now().After(end) {
			h.t.Fatalf("%d %v\n%s", answer.StatusCode, err, body)
		}
	}
}
