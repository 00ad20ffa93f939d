package delivery

import (
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
)

func TestCatalogues(t *testing.T) {
	t.Parallel()
	c := &Catalogues{
		Describe: func(instance string) (*sdk.Description, bool) {
			if instance != "otp" {
				return nil, false
			}
			return &sdk.Description{Texts: map[string]map[string]string{
				"en": {"code": "code en", "only": "only en"}, "it": {"code": "code it", "hello": "hello it"}, "it-CH": {"code": "code it-CH"},
			}}, true
		},
		Overrides: map[string]map[string]map[string]string{
			"otp": {"it": {"hello": "our hello"}, "en": {"only": "our only"}},
			"":    {"en": {"notice.blocked": "our notice"}},
		},
	}
	for _, tc := range []struct{ instance, locale, key, want string }{
		{"otp", "it-CH", "code", "code it-CH"},
		{"otp", "it-IT", "code", "code it"},
		{"otp", "de", "code", "code en"},
		{"otp", "", "code", "code en"},
		{"otp", "it", "hello", "our hello"},
		{"otp", "it", "only", "our only"},
		{"otp", "it", "missing", ""},
		{"otp", "it", "notice.blocked", ""}, // the host's texts are not a plugin's
		{"gone", "it", "code", ""},
		{"", "en", "notice.blocked", "our notice"},
		{"", "it", "notice.blocked", hostTexts["it"]["notice.blocked"]},
		{"", "de", "notice.removed", ""},
	} {
		got, ok := c.Text(tc.instance, tc.locale, tc.key)
		if got != tc.want || ok != (tc.want != "") {
			t.Errorf("Text(%q, %q, %q) = %q, %v; want %q", tc.instance, tc.locale, tc.key, got, ok, tc.want)
		}
	}
}
