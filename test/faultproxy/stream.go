// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
)

// pace is what is done to the stream of a watch.
type pace struct {
	// late is how much later than it came each event is passed on.
	late time.Duration
	// lasts is when the stream ends; 0 for not.
	lasts time.Duration
	how   ending
}

// ending is how a stream ends before its time.
type ending int

const (
	endCut ending = iota
	endExpired
	endClosed
)

// SlowWatch passes every event of a watch on with a delay: the client's view is
// that much older than the cluster. What there is at the start comes at once.
func SlowWatch(d time.Duration) Fault {
	return watchFault(Fault{Name: "slow watch"}, pace{late: d})
}

// CutWatch breaks a watch off after a while.
func CutWatch(after time.Duration) Fault {
	return watchFault(Fault{Name: "watch cut", later: true}, pace{lasts: after, how: endCut})
}

// ExpireWatch ends a watch after a while with an event that says 410.
func ExpireWatch(after time.Duration) Fault {
	return watchFault(Fault{Name: "watch expired", later: true}, pace{lasts: after, how: endExpired})
}

func watchFault(f Fault, p pace) Fault {
	f.do = func(x *exchange) {
		x.pace = p
		x.pass()
	}
	return f
}

// CutWatches breaks off all watches of a resource that are open.
func (p *Proxy) CutWatches(resource string) { p.endWatches(resource, endCut) }

// ExpireWatches ends all watches of a resource that are open with a 410.
func (p *Proxy) ExpireWatches(resource string) { p.endWatches(resource, endExpired) }

func (p *Proxy) endWatches(resource string, how ending) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.streams {
		if s.resource == resource {
			s.end(how)
		}
	}
}

// exchangeKey is where a forwarded request's context has its exchange.
type exchangeKey struct{}

// stream is the body of a watch, event by event.
type stream struct {
	resource string
	pace     pace
	proxy    *Proxy
	source   io.ReadCloser
	protobuf bool
	// initial is true until what there is at the start has passed.
	initial bool

	events  chan event
	endings chan ending
	timer   *time.Timer
	rest    []byte
	ended   error
}

// event is one frame of a watch and when it may pass.
type event struct {
	frame []byte
	at    time.Time
	err   error
}

// queued is how many events a slow watch holds back.
const queued = 10_000

// tapWatch takes hold of the stream when a response is that of a watch.
func (p *Proxy) tapWatch(response *http.Response) error {
	x, known := response.Request.Context().Value(exchangeKey{}).(*exchange)
	if !known || x.request.Verb != "watch" || response.StatusCode != http.StatusOK {
		return nil
	}
	s := &stream{
		resource: x.request.Resource, pace: x.pace, proxy: p, source: response.Body, initial: x.request.isWatchList,
		protobuf: strings.Contains(response.Header.Get("Content-Type"), "protobuf"),
		events:   make(chan event, queued), endings: make(chan ending, 1),
	}
	if s.pace.lasts > 0 {
		s.timer = time.AfterFunc(s.pace.lasts, func() { s.end(s.pace.how) })
	}
	p.mu.Lock()
	p.streams[s] = true
	p.mu.Unlock()
	go s.receive()
	response.Body = s
	return nil
}

func (s *stream) end(how ending) {
	select {
	case s.endings <- how:
	default: // it ends already
	}
}

// receive reads the server's events until the stream is closed.
func (s *stream) receive() {
	reader := bufio.NewReader(s.source)
	for {
		frame, err := s.next(reader)
		at := time.Now()
		if !s.initial {
			at = at.Add(s.pace.late)
		}
		if bytes.Contains(frame, []byte(metav1.InitialEventsAnnotationKey)) {
			s.initial = false
		}
		s.events <- event{frame, at, err}
		if err != nil {
			return
		}
	}
}

func (s *stream) next(reader *bufio.Reader) ([]byte, error) {
	if !s.protobuf {
		return reader.ReadBytes('\n')
	}
	head, err := reader.Peek(4)
	if err != nil {
		return nil, err
	}
	frame := make([]byte, 4+binary.BigEndian.Uint32(head))
	_, err = io.ReadFull(reader, frame)
	return frame, err
}

// Read passes events on, each at its time.
func (s *stream) Read(p []byte) (int, error) {
	for len(s.rest) == 0 && s.ended == nil {
		s.advance()
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	if n == 0 {
		return 0, s.ended
	}
	return n, nil
}

func (s *stream) advance() {
	var next event
	select {
	case how := <-s.endings:
		s.finish(how)
		return
	case next = <-s.events:
	}
	timer := time.NewTimer(time.Until(next.at))
	defer timer.Stop()
	select {
	case how := <-s.endings:
		s.finish(how)
	case <-timer.C:
		s.rest, s.ended = next.frame, next.err
	}
}

func (s *stream) finish(how ending) {
	switch how {
	case endCut:
		s.proxy.count("watch cut")
		s.ended = io.ErrUnexpectedEOF
	case endExpired:
		s.proxy.count("watch expired")
		s.rest, s.ended = s.expiry()
	case endClosed:
		s.ended = io.ErrClosedPipe
	}
}

// expiry is the last event of a watch whose version has been compacted.
func (s *stream) expiry() ([]byte, error) {
	status := &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: http.StatusGone, Reason: metav1.StatusReasonExpired, Message: "too old resource version",
	}
	if !s.protobuf {
		line, err := json.Marshal(map[string]any{"type": "ERROR", "object": status})
		return append(line, '\n'), cmp.Or(err, io.EOF)
	}
	var object bytes.Buffer
	if err := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Encode(status, &object); err != nil {
		return nil, err
	}
	data, err := (&metav1.WatchEvent{Type: "ERROR", Object: runtime.RawExtension{Raw: object.Bytes()}}).Marshal()
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...), cmp.Or(err, io.EOF)
}

// Close ends the watch at the server.
func (s *stream) Close() error {
	s.proxy.mu.Lock()
	delete(s.proxy.streams, s)
	s.proxy.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
	}
	s.end(endClosed)
	return s.source.Close()
}
