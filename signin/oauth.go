package signin

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-oauth2/oauth2/v4"
	oauth "github.com/go-oauth2/oauth2/v4/errors"
	"github.com/go-oauth2/oauth2/v4/server"

	"latchd/lock"
)

const maxBody = 8 << 10

// caller is who asks for a token: an authenticated client, and what it has shown.
type caller struct {
	client      Client
	from, agent string
	phone       lock.Phone // of a secret identifier that is spent
}

type callerKey struct{}

func callerOf(ctx context.Context) *caller { return ctx.Value(callerKey{}).(*caller) }

// TokenEndpoint answers POST with grant_type=otp, phone and secret_identifier, or with grant_type=refresh_token (RFC 6749,
// sections 5 and 6; "otp" is an extension grant, 4.5, if one whose name is no URI). The client authenticates with HTTP Basic
// (2.3.1). Access tokens live for 15 minutes. Refresh tokens live for 30 days and are good for one use: one that comes again
// ends the session, as RFC 9700, section 4.14.2, advises.
func (d *Desk) TokenEndpoint() http.Handler {
	s := server.NewServer(&server.Config{TokenType: "Bearer",
		AllowedGrantTypes: []oauth2.GrantType{oauth2.PasswordCredentials, oauth2.Refreshing}}, issuer{d})
	s.PasswordAuthorizationHandler = d.grant
	s.InternalErrorHandler = func(err error) *oauth.Response { return &oauth.Response{Error: err} }
	s.ResponseTokenHandler = func(w http.ResponseWriter, data map[string]any, _ http.Header, _ ...int) error {
		if word, ok := data["error"].(string); ok {
			return refuse(w, errors.New(word))
		}
		return answer(w, http.StatusOK, data)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, who, err := d.request(w, r)
		if err == nil {
			form, err = grantForm(form)
		}
		if err != nil {
			refuse(w, err)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), callerKey{}, who))
		r.Form = form
		if err := s.HandleTokenRequest(w, r); err != nil {
			d.opt.Log.Debug("a token's answer was not taken", "error", err)
		}
	})
}

// request reads what a client asks: from the body alone, no parameter twice (RFC 6749, section 3.2).
func (d *Desk) request(w http.ResponseWriter, r *http.Request) (url.Values, *caller, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, nil, oauth.ErrInvalidRequest
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return nil, nil, oauth.ErrInvalidRequest
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return nil, nil, oauth.ErrInvalidRequest
		}
	}
	id, secret, _ := r.BasicAuth()
	client, ok := d.authenticate(id, secret)
	if !ok {
		return nil, nil, oauth.ErrInvalidClient
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return r.PostForm, &caller{client: client, from: host, agent: r.UserAgent()}, nil
}

// grantForm says in the library's words what is asked. Of its grants, the password's is the one that has the shape of ours.
func grantForm(form url.Values) (url.Values, error) {
	need := func(keys ...string) bool {
		for _, k := range keys {
			if form.Get(k) == "" {
				return false
			}
		}
		return true
	}
	switch gt := form.Get("grant_type"); {
	case gt == "otp" && need("phone", "secret_identifier"):
		return url.Values{"grant_type": {oauth2.PasswordCredentials.String()},
			"username": {form.Get("phone")}, "password": {form.Get("secret_identifier")}}, nil
	case gt == "refresh_token" && need("refresh_token"):
		return url.Values{"grant_type": {gt}, "refresh_token": {form.Get("refresh_token")}}, nil
	case gt == "otp", gt == "refresh_token", gt == "":
		return nil, oauth.ErrInvalidRequest
	}
	return nil, oauth.ErrUnsupportedGrantType
}

// grant spends a secret identifier; the client is authenticated.
func (d *Desk) grant(ctx context.Context, _, phone, secret string) (owner string, err error) {
	d.mu.Lock()
	defer d.unlock()
	spent, err := d.spend(phone, secret)
	if err != nil {
		return "", oauth.ErrInvalidGrant
	}
	callerOf(ctx).phone = spent.phone
	return spent.owner, nil
}

// descriptions are for the people who write clients.
var descriptions = map[string]string{
	"invalid_request":        "POST a form: each parameter once, none missing",
	"invalid_client":         "HTTP Basic with the client's id and secret, from latchd client add",
	"invalid_grant":          "the secret identifier or refresh token is unknown, expired, revoked or spent: sign in again",
	"unsupported_grant_type": "grant_type is otp or refresh_token",

	"temporarily_unavailable": "the disk cannot be written: the refresh token stays as it was, try it again",
	"not_kept":                NotKept,
}

// refuse answers as RFC 6749, section 5.2, has it.
func refuse(w http.ResponseWriter, err error) error {
	word, status := err.Error(), http.StatusBadRequest
	switch {
	case word == ErrNotKept.Error():
		word = "not_kept"
		fallthrough
	case word == "temporarily_unavailable":
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", strconv.Itoa(int(lookEvery/time.Second)))
	case word == "invalid_client":
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Basic realm="latchd"`)
	case w.Header().Get("Allow") != "":
		status = http.StatusMethodNotAllowed
	case descriptions[word] == "":
		word, status = "server_error", http.StatusInternalServerError
	}
	return answer(w, status, map[string]any{"error": word, "error_description": descriptions[word]})
}

func answer(w http.ResponseWriter, status int, data map[string]any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(data)
}

// RevokeEndpoint takes an access or refresh token back, and with it the session (RFC 7009). An unknown token is answered
// like a known one, and so is another client's.
func (d *Desk) RevokeEndpoint() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, who, err := d.request(w, r)
		if err == nil && form.Get("token") == "" {
			err = oauth.ErrInvalidRequest
		}
		if err != nil {
			refuse(w, err)
			return
		}
		if err := d.revokeToken(who.client.ID, form.Get("token")); err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusOK)
	})
}
