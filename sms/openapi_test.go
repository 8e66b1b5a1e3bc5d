package sms

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// description is Twilio's own of its API (https://github.com/twilio/twilio-oai), in a folder twilio somewhere beside the project.
const description = "../../*/twilio/twilio_api_v2010.json"

// paths reads Twilio's description; nil where it is not present.
var paths = sync.OnceValues(func() (routers.Router, error) {
	found, err := filepath.Glob(description)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	b, err := os.ReadFile(found[0])
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(b)
	if err != nil {
		return nil, err
	}
	doc.Servers = nil // the host is the test's
	for _, item := range doc.Paths.Map() {
		item.Servers = nil
	}
	return gorillamux.NewRouter(doc)
})

// described checks what passes through a handler against Twilio's description, answers only while they are not garbled.
func described(t *testing.T, next http.Handler, garbled *atomic.Bool) http.Handler {
	t.Helper()
	router, err := paths()
	if err != nil {
		t.Fatalf("read %s: %v", description, err)
	}
	if router == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/") { // another product's, described elsewhere
			next.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
			return
		}
		asked := &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: params,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
		if err := openapi3filter.ValidateRequest(r.Context(), asked); err != nil {
			t.Errorf("the request is not as Twilio describes it: %v", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		record := httptest.NewRecorder()
		next.ServeHTTP(record, r)
		answered := &openapi3filter.ResponseValidationInput{RequestValidationInput: asked, Status: record.Code,
			Header: record.Header(), Body: io.NopCloser(bytes.NewReader(record.Body.Bytes()))}
		if err := openapi3filter.ValidateResponse(r.Context(), answered); err != nil && !garbled.Load() {
			t.Errorf("the answer is not as Twilio describes it: %v", err)
		}
		for k, v := range record.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(record.Code)
		w.Write(record.Body.Bytes())
	})
}

func TestStandInSpeaksAsTwilioDescribesItsAPI(t *testing.T) {
	router, err := paths()
	if err != nil {
		t.Fatal(err)
	}
	if router == nil {
		t.Skip("Twilio's description of its API is not present: requests and answers are not held against it")
	}
	for _, what := range [][2]string{{http.MethodPost, "Messages.json"}, {http.MethodGet, "Messages.json"},
		{http.MethodGet, "Messages/SM0123456789abcdef0123456789abcdef.json"}, {http.MethodGet, "IncomingPhoneNumbers.json"},
		{http.MethodPost, "Calls.json"}, {http.MethodGet, "Calls/CA0123456789abcdef0123456789abcdef.json"},
		{http.MethodPost, "Calls/CA0123456789abcdef0123456789abcdef.json"}} {
		at := "/2010-04-01/Accounts/" + accountSID + "/" + what[1]
		r := httptest.NewRequest(what[0], at, nil)
		if _, _, err := router.FindRoute(r); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
}
