// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// site answers the paths of the tests.
func site() http.Handler {
	mux := http.NewServeMux()
	for path, code := range map[string]int{"/ok": 200, "/empty": 204, "/login": 200, "/401": 401, "/403": 403, "/404": 404, "/500": 500, "/503": 503} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	}
	mux.HandleFunc("/ide", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/login?from=/ide&secret=word#part", http.StatusFound)
	})
	// /chain/3 redirects three times.
	mux.HandleFunc("/chain/", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/chain/"))
		if n > 0 {
			http.Redirect(w, r, fmt.Sprintf("/chain/%d", n-1), http.StatusFound)
		}
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/remembers", func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("been"); err != nil {
			http.SetCookie(w, &http.Cookie{Name: "been", Value: "here"})
			http.Redirect(w, r, "/remembers", http.StatusFound)
		}
	})
	mux.HandleFunc("/guarded", func(w http.ResponseWriter, r *http.Request) {
		if name, word, _ := r.BasicAuth(); name != "taro" || word != "hunter2" || r.URL.Query().Get("token") != "s3cret" {
			w.WriteHeader(http.StatusTeapot)
		}
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("half"))
	})
	mux.HandleFunc("/hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
	})
	return mux
}

// quietServer is one that is not yet started and tells of no broken handshake.
func quietServer(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(site())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	return s
}

func plainServer(t *testing.T) string {
	t.Helper()
	s := quietServer(t)
	s.Start()
	return s.URL
}

func ask(t *testing.T, client *http.Client, address string) v1alpha1.Probe {
	t.Helper()
	p := Prober{Client: client, Clock: clock.RealClock{}}.Probe(t.Context(), Target{Name: "page", URL: address})
	if p.Name != "page" || p.Milliseconds < 0 {
		t.Errorf("got %+v", p)
	}
	if p.Up != (p.Message == "") {
		t.Errorf("up %t with the message %q", p.Up, p.Message)
	}
	return p
}

func TestStatus(t *testing.T) {
	root := plainServer(t)
	tests := map[string]struct {
		path    string
		status  int
		final   string
		message string
	}{
		"up":                       {"/ok", 200, "", ""},
		"without content":          {"/empty", 204, "", ""},
		"to the login":             {"/ide", 200, "/login", ""},
		"wants a login":            {"/401", 401, "", ""},
		"forbidden":                {"/403", 403, "", ""},
		"not found":                {"/404", 404, "", "it answers 404 Not Found"},
		"broken":                   {"/500", 500, "", "it answers 500 Internal Server Error"},
		"nobody behind":            {"/503", 503, "", "it answers 503 Service Unavailable"},
		"ten redirects":            {"/chain/10", 200, "/chain/0", ""},
		"eleven redirects":         {"/chain/11", 0, "", "it redirects again and again"},
		"a loop":                   {"/loop", 0, "", "it redirects again and again"},
		"a cookie ends the loop":   {"/remembers", 200, "", ""},
		"an endless answer":        {"/endless", 200, "", ""},
		"an answer that breaks":    {"/broken", 200, "", "the answer broke off"},
		"to what cannot be asked":  {"/elsewhere?to=ftp://x/y", 0, "", `unsupported protocol scheme "ftp"`},
		"to what cannot be read":   {"/elsewhere?to=http://[x?secret=word", 0, "", "failed to parse Location"},
		"to where nobody is there": {"/elsewhere?to=http://127.0.0.1:1/%3Fsecret%3Dword", 0, "", "the connection is refused (127.0.0.1:1)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := ask(t, NewClient(), root+tt.path)
			final := tt.final
			if final != "" {
				final = root + final
			}
			if p.Status != tt.status || p.Final != final || p.Up != (tt.message == "") || !strings.HasPrefix(p.Message, tt.message) && !strings.Contains(p.Message, tt.message) {
				t.Errorf("got %+v", p)
			}
			if p.Expires != nil {
				t.Errorf("a certificate without TLS: %v", p.Expires)
			}
			if strings.Contains(fmt.Sprint(p), "word") {
				t.Errorf("tells a secret: %+v", p)
			}
		})
	}
}

// TestNothingSecret: credentials and queries are sent and not shown.
func TestNothingSecret(t *testing.T) {
	root := plainServer(t)
	host := strings.TrimPrefix(root, "http://")
	for name, address := range map[string]string{
		"up":      "http://taro:hunter2@" + host + "/guarded?token=s3cret#part",
		"refused": "http://taro:hunter2@127.0.0.1:1/guarded?token=s3cret#part",
		"broken":  "http://taro:hunter2@" + host + "/elsewhere?to=http%3A%2F%2Ftaro:hunter2@%5Bx%3Ftoken=s3cret",
	} {
		p := ask(t, NewClient(), address)
		if p.Up != (name == "up") {
			t.Errorf("%s: got %+v", name, p)
		}
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"taro", "hunter2", "token", "s3cret", "part"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s: %q is in %s", name, secret, text)
			}
		}
	}
}

func TestTimeout(t *testing.T) {
	root := plainServer(t)
	p := Prober{Client: NewClient(), Clock: clock.RealClock{}, Timeout: 20 * time.Millisecond}.Probe(t.Context(), Target{Name: "page", URL: root + "/hangs"})
	if p.Up || p.Message != "no answer within 20ms" || p.Milliseconds < 20 {
		t.Errorf("got %+v", p)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p := (Prober{Client: NewClient(), Clock: clock.RealClock{}}).Probe(ctx, Target{Name: "page", URL: root + "/hangs"}); p.Up || p.Message != "it was interrupted" {
		t.Errorf("got %+v", p)
	}
}

func TestProxyThatIsDown(t *testing.T) {
	proxy, err := url.Parse("http://taro:hunter2@127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	p := ask(t, &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}, "https://vantiq.example/")
	if !strings.HasPrefix(p.Message, "the proxy of the environment does not answer: ") || strings.Contains(p.Message, "hunter2") {
		t.Errorf("got %q", p.Message)
	}
	if transport, is := NewClient().Transport.(*http.Transport); !is || transport.Proxy == nil {
		t.Error("no proxy is asked of the environment")
	}
}

// authority signs certificates that a client trusts.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t), cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// server serves TLS with a certificate for these times and names.
func (a *authority) server(t *testing.T, begins, ends time.Time, names ...string) string {
	t.Helper()
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: begins, NotAfter: ends, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, name)
		}
	}
	key := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	s := quietServer(t)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	return s.URL
}

// client trusts the authority.
func (a *authority) client() *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
}

func TestCertificates(t *testing.T) {
	trusted, other := newAuthority(t), newAuthority(t)
	now := time.Now().Truncate(time.Second)
	day := 24 * time.Hour
	tests := map[string]struct {
		address string
		ends    time.Time
		message string
	}{
		"good":          {trusted.server(t, now.Add(-day), now.Add(day), "127.0.0.1"), now.Add(day), ""},
		"expired":       {trusted.server(t, now.Add(-2*day), now.Add(-day), "127.0.0.1"), now.Add(-day), "its certificate has expired on " + now.Add(-day).Local().Format(time.DateTime)},
		"not yet":       {trusted.server(t, now.Add(day), now.Add(2*day), "127.0.0.1"), now.Add(2 * day), "its certificate is not valid before " + now.Add(day).Local().Format(time.DateTime)},
		"another name":  {trusted.server(t, now.Add(-day), now.Add(day), "vantiq.example", "10.0.0.1"), now.Add(day), "its certificate is for vantiq.example, 10.0.0.1, not for 127.0.0.1"},
		"no name":       {trusted.server(t, now.Add(-day), now.Add(day)), now.Add(day), "its certificate is for no host, not for 127.0.0.1"},
		"not trusted":   {other.server(t, now.Add(-day), now.Add(day), "127.0.0.1"), now.Add(day), "its certificate is signed by an unknown authority: CN=test authority"},
		"not trusted 2": {other.server(t, now.Add(-2*day), now.Add(-day), "127.0.0.1"), now.Add(-day), "its certificate has expired on "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := ask(t, trusted.client(), tt.address+"/ide")
			if p.Up != (tt.message == "") || !strings.HasPrefix(p.Message, tt.message) {
				t.Errorf("got %+v", p)
			}
			if p.Expires == nil || !p.Expires.Time.Equal(tt.ends) {
				t.Errorf("expires %v, want %v", p.Expires, tt.ends)
			}
		})
	}
}

// TestFirstCertificate: of several servers it is the certificate of the first that
// counts, also where a connection is left over from the probe before.
func TestFirstCertificate(t *testing.T) {
	a := newAuthority(t)
	now := time.Now().Truncate(time.Second)
	second := a.server(t, now.Add(-time.Hour), now.Add(2*time.Hour), "127.0.0.1")
	expired := a.server(t, now.Add(-2*time.Hour), now.Add(-time.Hour), "127.0.0.1")
	first := a.server(t, now.Add(-time.Hour), now.Add(time.Hour), "127.0.0.1")
	client := a.client()
	for range 2 {
		if p := ask(t, client, first+"/elsewhere?to="+second+"/login"); !p.Up || p.Final != second+"/login" || !p.Expires.Time.Equal(now.Add(time.Hour)) {
			t.Errorf("got %+v", p)
		}
	}
	p := ask(t, client, first+"/elsewhere?to="+expired+"/login")
	if host := strings.TrimPrefix(expired, "https://"); p.Up || !strings.HasSuffix(p.Message, "("+host+")") || !p.Expires.Time.Equal(now.Add(time.Hour)) {
		t.Errorf("got %+v", p)
	}
}

func TestWrongScheme(t *testing.T) {
	plain := plainServer(t)
	if p := ask(t, NewClient(), strings.Replace(plain, "http:", "https:", 1)); !strings.HasPrefix(p.Message, "it speaks no TLS; ") || p.Expires != nil {
		t.Errorf("got %+v", p)
	}
	a := newAuthority(t)
	secure := a.server(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "127.0.0.1")
	if p := ask(t, a.client(), strings.Replace(secure, "https:", "http:", 1)); p.Up || p.Status != http.StatusBadRequest {
		t.Errorf("got %+v", p)
	}
}

func TestReason(t *testing.T) {
	for want, err := range map[string]error{
		"there is no host vantiq.example":                         &url.Error{Op: "Get", URL: "https://vantiq.example/?a=b", Err: &net.OpError{Op: "dial", Err: &net.DNSError{Name: "vantiq.example", IsNotFound: true}}},
		"the name vantiq.example cannot be looked up":             &net.DNSError{Name: "vantiq.example", IsTemporary: true},
		"its certificate is not valid: too many intermediates":    x509.CertificateInvalidError{Reason: x509.TooManyIntermediates},
		"its certificate is signed by an unknown authority":       x509.UnknownAuthorityError{},
		`invalid proxy address "http://proxy.example/": not good`: errors.New("invalid proxy address \"http://a:b@proxy.example/?c=d\":\nnot good"),
	} {
		if got := reason(err); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAddressThatCannotBeRead(t *testing.T) {
	if p := ask(t, NewClient(), "https://a b/%zz"); p.Up || !strings.HasPrefix(p.Message, "the address cannot be read: ") {
		t.Errorf("got %+v", p)
	}
}
