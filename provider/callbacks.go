package provider

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/callback"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/web"
)

// mayLeave says whether an instance's configuration in force names an origin: somewhere in it stands an address there.
func (s *Server) mayLeave(instance, origin string) bool {
	p, ok := s.plugins.Load().Plugins[instance]
	return ok && names(p.Config, origin)
}

func names(v any, origin string) bool {
	switch v := v.(type) {
	case string:
		u, err := url.Parse(v)
		return err == nil && u.Host != "" && strings.EqualFold(u.Scheme+"://"+u.Host, origin)
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return names(e, origin) })
	case map[string]any:
		for _, e := range v {
			if names(e, origin) {
				return true
			}
		}
	}
	return false
}

// callbackOptions are what the edge of plugins' callbacks needs. wire has made the pipeline and the outbox before.
func (s *Server) callbackOptions(texts *web.Catalogues, address func(*http.Request) string) callback.Options {
	c := s.config
	return callback.Options{
		Issuer: c.Issuer, DB: s.store, Rows: s.store, Plugins: s.host, Flows: s.logins, Outbox: s.outbox, Box: s.box,
		Configured: func(instance string) bool { _, ok := s.plugins.Load().Plugins[instance]; return ok },
		Address:    address, Now: time.Now, Log: s.log, Metrics: s.metrics,
		Removed: func(instance, credential string, to *subscriber.Subscriber, at time.Time) delivery.Message {
			title := instance
			if d, ok := s.host.Describe(instance); ok && len(d.Methods) > 0 {
				title = texts.Text(instance, to.Locale, sdk.Text{Key: d.Methods[0].Title})
			}
			return delivery.Notice(delivery.NoticeRemoved, delivery.Recipient{Subject: to.ID, Locale: to.Locale, Claims: to.Claims},
				delivery.NoticeDetails{Key: credential, Brand: c.Brand.Name, Method: title, At: at})
		},
	}
}
