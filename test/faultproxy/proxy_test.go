// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faultproxy_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/faultproxy"
)

// server is an API server as far as these tests need one.
type server struct {
	evictions atomic.Int32
	// pods are sent to those who watch.
	pods chan string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasSuffix(r.URL.Path, "/eviction"):
		s.evictions.Add(1)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Success"}`)
	case r.URL.Query().Get("watch") != "":
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case name := <-s.pods:
				_, _ = fmt.Fprintf(w, `{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":%q}}}`+"\n", name)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	default:
		http.NotFound(w, r)
	}
}

// start puts a proxy before a server and returns a client that goes through it,
// speaking as the plugin does.
func start(t *testing.T) (*server, *faultproxy.Proxy, *kubernetes.Clientset) {
	t.Helper()
	s := &server{pods: make(chan string)}
	upstream := httptest.NewUnstartedServer(s)
	upstream.EnableHTTP2 = true
	upstream.StartTLS()
	t.Cleanup(upstream.Close)
	trusted := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: upstream.Certificate().Raw})
	ca, key := authority(t)
	proxy := faultproxy.Start(t, &rest.Config{Host: upstream.URL, TLSClientConfig: rest.TLSClientConfig{CAData: trusted}}, ca, key)
	config, err := clientcmd.BuildConfigFromFlags("", proxy.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return s, proxy, client
}

func authority(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded})
}

// evict posts one eviction; nothing repeats it.
func evict(client *kubernetes.Clientset) error {
	return client.CoreV1().RESTClient().Post().Namespace("app").Resource("pods").Name("db-0").SubResource("eviction").
		MaxRetries(0).Body(&policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "db-0"}}).Do(context.Background()).Error()
}

// TestFaultsOfAnEviction: each fault reaches the client as what it stands for,
// the server hears of it or not, and the next request passes.
func TestFaultsOfAnEviction(t *testing.T) {
	isStatus := func(code int32) func(error) bool {
		return func(err error) bool {
			status := apierrors.APIStatus(nil)
			return errors.As(err, &status) && status.Status().Code == code
		}
	}
	broken := func(err error) bool {
		status := apierrors.APIStatus(nil)
		return err != nil && !errors.As(err, &status)
	}
	tests := []struct {
		fault  faultproxy.Fault
		want   func(error) bool
		served int32
	}{
		{fault: faultproxy.Budget(10), want: func(err error) bool {
			seconds, suggested := apierrors.SuggestsClientDelay(err)
			return apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause) && suggested && seconds == 10
		}},
		{fault: faultproxy.Throttled(3), want: func(err error) bool {
			seconds, suggested := apierrors.SuggestsClientDelay(err)
			return apierrors.IsTooManyRequests(err) && !apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause) && suggested && seconds == 3
		}},
		{fault: faultproxy.Conflict(), want: apierrors.IsConflict},
		{fault: faultproxy.NotFound(), want: apierrors.IsNotFound},
		{fault: faultproxy.NamespaceTerminating(), want: func(err error) bool { return apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) }},
		{fault: faultproxy.TwoBudgets(), want: isStatus(500)},
		{fault: faultproxy.ServerError(503, 0), want: isStatus(503)},
		{fault: faultproxy.ServerError(504, 2), want: isStatus(504)},
		{fault: faultproxy.Expired(), want: apierrors.IsResourceExpired},
		{fault: faultproxy.Reset(), want: broken},
		{fault: faultproxy.LoseAnswer(), want: broken, served: 1},
		{fault: faultproxy.Late(10 * time.Millisecond), want: func(err error) bool { return err == nil }, served: 1},
		{fault: faultproxy.LateAnswer(10 * time.Millisecond), want: func(err error) bool { return err == nil }, served: 1},
		{fault: faultproxy.Call("called", func() {}), want: broken},
		{fault: faultproxy.CallAfter("called after", func() {}), want: broken, served: 1},
		{fault: faultproxy.Hold("held", func() {}), want: func(err error) bool { return err == nil }, served: 1},
		{fault: faultproxy.Leave(50 * time.Millisecond), want: func(err error) bool { return err == nil }, served: 1},
		{fault: faultproxy.Refuse(50 * time.Millisecond), want: broken},
		{fault: faultproxy.AbortHandshakes(1), want: broken},
		{fault: faultproxy.ForeignCertificate(1), want: broken},
	}
	for _, tt := range tests {
		t.Run(tt.fault.Name, func(t *testing.T) {
			s, proxy, client := start(t)
			proxy.Inject(faultproxy.Rule{Match: faultproxy.EvictionsOf("db-"), Times: 1, Do: tt.fault})
			if err := evict(client); !tt.want(err) {
				t.Errorf("got %v", err)
			}
			if n := s.evictions.Load(); n != tt.served || proxy.Injected(tt.fault.Name) != 1 {
				t.Errorf("the server saw %d, injected %v", n, proxy.AllInjected())
			}
			before := s.evictions.Load()
			err := evict(client)
			for deadline := time.Now().Add(10 * time.Second); err != nil && time.Now().Before(deadline); {
				time.Sleep(10 * time.Millisecond)
				err = evict(client)
			}
			if err != nil || s.evictions.Load() != before+1 {
				t.Errorf("then: %v, the server saw %d", err, s.evictions.Load())
			}
		})
	}
}

// TestStray: the client is told at once that its request is lost, and the server
// hears of it all the same.
func TestStray(t *testing.T) {
	s, proxy, client := start(t)
	proxy.Inject(faultproxy.Rule{Match: faultproxy.Evictions(), Times: 1, Do: faultproxy.Stray(50 * time.Millisecond)})
	if err := evict(client); err == nil {
		t.Error("the client got an answer")
	}
	for deadline := time.Now().Add(10 * time.Second); s.evictions.Load() == 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if n := s.evictions.Load(); n != 1 {
		t.Errorf("the server heard of it %d times", n)
	}
}

// TestHandshakes: new connections meet a broken handshake, then a stranger's
// certificate.
func TestHandshakes(t *testing.T) {
	_, proxy, client := start(t)
	proxy.Inject(faultproxy.Rule{Match: faultproxy.Evictions(), Times: 1, Do: faultproxy.AbortHandshakes(1)})
	_ = evict(client)
	if err := evict(client); err == nil {
		t.Error("no error from an aborted handshake")
	}
	proxy.Inject(faultproxy.Rule{Match: faultproxy.Evictions(), Times: 1, Do: faultproxy.ForeignCertificate(1)})
	_ = evict(client)
	unknown := x509.UnknownAuthorityError{}
	if err := evict(client); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
	if err := evict(client); err != nil {
		t.Errorf("then: %v", err)
	}
	if n := proxy.AllInjected(); n["aborted handshake"] != 1 || n["foreign certificate"] != 1 {
		t.Errorf("injected %v", n)
	}
}

// TestWatches: events pass, late if so wished, and the stream ends as asked.
func TestWatches(t *testing.T) {
	const late = 300 * time.Millisecond
	tests := []struct {
		name string
		end  func(*faultproxy.Proxy)
		// expired is what the client is told at the end.
		expired bool
	}{
		{name: "watch cut", end: func(p *faultproxy.Proxy) { p.CutWatches("pods") }},
		{name: "watch expired", end: func(p *faultproxy.Proxy) { p.ExpireWatches("pods") }, expired: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, proxy, client := start(t)
			proxy.Inject(faultproxy.Rule{Match: faultproxy.Watches("pods"), Times: 1, Do: faultproxy.SlowWatch(late)})
			w, err := client.CoreV1().Pods("").Watch(t.Context(), metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Stop()
			sent := time.Now()
			s.pods <- "db-0"
			if e := <-w.ResultChan(); e.Type != watch.Added || e.Object.(*corev1.Pod).Name != "db-0" {
				t.Errorf("got %+v", e)
			}
			if took := time.Since(sent); took < late {
				t.Errorf("the event came after %s", took)
			}
			tt.end(proxy)
			for e := range w.ResultChan() {
				err := apierrors.FromObject(e.Object)
				if e.Type != watch.Error || apierrors.IsResourceExpired(err) != tt.expired {
					t.Errorf("got %s: %v", e.Type, err)
				}
			}
			if proxy.Injected(tt.name) != 1 || proxy.Injected("slow watch") != 1 {
				t.Errorf("injected %v", proxy.AllInjected())
			}
		})
	}
}

// TestRandom: the same seed has the same faults, another one others, and about
// as many as were asked for.
func TestRandom(t *testing.T) {
	fates := map[int64]string{}
	for _, seed := range []int64{1, 1, 2} {
		_, proxy, client := start(t)
		proxy.Random(seed, faultproxy.Mix{
			{Match: faultproxy.Evictions(), Of: 3, Do: faultproxy.Conflict()},
			{Match: faultproxy.Requests("", ""), Of: 4, Do: faultproxy.ServerError(503, 0)},
		})
		fate := ""
		for range 60 {
			switch err := evict(client); {
			case err == nil:
				fate += "."
			case apierrors.IsConflict(err):
				fate += "c"
			default:
				fate += "s"
			}
		}
		if before, again := fates[seed]; again && before != fate {
			t.Errorf("seed %d:\n%s\n%s", seed, before, fate)
		}
		fates[seed] = fate
		if n := strings.Count(fate, "c"); n < 8 || n > 35 {
			t.Errorf("%d of 60 conflicts, want about 20: %s", n, fate)
		}
		proxy.Clear()
		before := proxy.AllInjected()
		if err := evict(client); err != nil || !maps.Equal(before, proxy.AllInjected()) {
			t.Errorf("after all was cleared: %v", err)
		}
	}
	if fates[1] == fates[2] {
		t.Error("two seeds have the same faults")
	}
}
