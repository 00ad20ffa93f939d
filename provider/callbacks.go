package provider

import (
	"net/http"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/callback"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/web"
)

// callbackOptions are what the edge of plugins' callbacks needs. wire has made the pipeline and the outbox before.
func (s *Server) callbackOptions(texts *web.Catalogues, address func(*http.Request) string) callback.Options {
	c := s.config
	return callback.Options{
		Issuer: c.Issuer, DB: s.store, Rows: s.store, Plugins: s.host, Flows: s.logins, Outbox: s.outbox, Box: s.box,
		Configured: func(instance string) bool { _, ok := c.Plugins[instance]; return ok },
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
