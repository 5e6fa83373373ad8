// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// reason says in plain words why there is no answer, without credentials.
func reason(err error) string {
	where := ""
	if request, is := errors.AsType[*url.Error](err); is {
		if u, parseErr := url.Parse(request.URL); parseErr == nil {
			where = " (" + u.Host + ")"
		}
		err = request.Err
	}
	if text := certificateReason(err); text != "" {
		return text + where
	}
	operation, isOperation := errors.AsType[*net.OpError](err)
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case isOperation && operation.Op == "proxyconnect":
		return "the proxy of the environment does not answer: " + scrub(operation.Err.Error())
	case errors.Is(err, errRedirects):
		return errRedirects.Error() + where
	case isDNS && dns.IsNotFound:
		return "there is no host " + dns.Name
	case isDNS:
		return "the name " + dns.Name + " cannot be looked up"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection is refused" + where
	case errors.Is(err, syscall.ECONNRESET):
		return "the connection was cut" + where
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "it speaks no TLS; the address begins with http://" + where
	}
	return scrub(err.Error())
}

// certificateReason says what is wrong with a certificate; it is empty where the
// error is about something else.
func certificateReason(err error) string {
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	host, isHost := errors.AsType[x509.HostnameError](err)
	unknown, isUnknown := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case isInvalid && invalid.Reason == x509.Expired && invalid.Cert != nil:
		// The library has one reason for both ends.
		const layout = time.DateTime + " MST"
		if strings.Contains(invalid.Detail, "is before") {
			return "its certificate is not valid before " + invalid.Cert.NotBefore.Local().Format(layout)
		}
		return "its certificate has expired on " + invalid.Cert.NotAfter.Local().Format(layout)
	case isInvalid:
		return "its certificate is not valid: " + scrub(strings.TrimPrefix(invalid.Error(), "x509: "))
	case isHost:
		return "its certificate is for " + namesOf(host.Certificate) + ", not for " + host.Host
	case isUnknown && unknown.Cert != nil && unknown.Cert.Issuer.String() != "":
		return "its certificate is signed by an unknown authority: " + unknown.Cert.Issuer.String()
	case isUnknown:
		return "its certificate is signed by an unknown authority"
	}
	return ""
}

// namesOf are the hosts that a certificate is for.
func namesOf(c *x509.Certificate) string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no host"
	}
	return strings.Join(names, ", ")
}

// scrub takes credentials and queries out of addresses in a text, and line breaks.
func scrub(text string) string {
	credentials := regexp.MustCompile(`(://)[^/\s"@]*@`)
	query := regexp.MustCompile(`(://[^\s"?#]*)[?#][^\s"]*`)
	text = query.ReplaceAllString(credentials.ReplaceAllString(text, "$1"), "$1")
	return strings.Join(strings.Fields(text), " ")
}
