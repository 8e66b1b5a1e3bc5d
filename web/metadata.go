package web

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.json
var description []byte

// openAPI serves the API's description (OpenAPI 3.1).
func openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	w.Write(description)
}

// metadata tells clients where tokens come from (RFC 8414).
func metadata(w http.ResponseWriter, r *http.Request) {
	issuer := "http://" + r.Host
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" { // a proxy's word; a client could only fool itself
		issuer = "https://" + r.Host
	}
	basic := []string{"client_secret_basic"}
	answerJSON(w, http.StatusOK, map[string]any{
		"issuer":                                     issuer,
		"token_endpoint":                             issuer + "/o/extended_token/",
		"revocation_endpoint":                        issuer + "/o/revoke_token/",
		"grant_types_supported":                      []string{"otp", "refresh_token"},
		"response_types_supported":                   []string{},
		"token_endpoint_auth_methods_supported":      basic,
		"revocation_endpoint_auth_methods_supported": basic,
		"service_documentation":                      issuer + "/api/v1/openapi.json",
	})
}
