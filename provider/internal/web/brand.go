package web

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"strings"
	"unicode"
)

// Brand is how the pages show whose they are. The zero value is a plain page named Varco.
type Brand struct {
	// Name of the bank, as people know it.
	Name string `json:"name,omitempty"`
	// Logo is the path of an SVG or PNG file, shown beside the name; at most 256 KiB. It should do on light and on dark ground.
	Logo string `json:"logo,omitempty"`
	// Colors of buttons and links. A colour without enough contrast is moved until it has it, and the log says so.
	Colors Colors `json:"colors,omitzero"`
	// Texts replace texts of the pages: locale → key → text. The keys are those of the catalogues in provider/internal/web/locales.
	Texts map[string]map[string]string `json:"texts,omitempty"`
	// SupportURL and SupportPhone are where a person who is stuck finds help.
	SupportURL   string `json:"support_url,omitempty"`
	SupportPhone string `json:"support_phone,omitempty"`
}

// Colors of a brand as #rrggbb.
type Colors struct {
	Primary     string `json:"primary,omitempty"`      // default #0f4c81
	PrimaryDark string `json:"primary_dark,omitempty"` // on dark ground; default: made from Primary
}

const maxLogo = 256 << 10

// The grounds of style.css that coloured text and buttons stand on.
var (
	lightGrounds = []rgb{white, {0xf4, 0xf6, 0xf9}}
	darkGrounds  = []rgb{{0x12, 0x16, 0x1c}, {0x1a, 0x20, 0x29}, {0x22, 0x2a, 0x35}}
)

// brandView is a checked brand as templates use it.
type brandView struct {
	Name         string
	Logo         string // address, empty when there is none
	SupportURL   string
	SupportPhone string
	PhoneLink    string // tel: target
}

// loadBrand checks b and returns it with its stylesheet, its logo, and what was adjusted.
func loadBrand(b Brand) (view brandView, css []byte, logo *asset, adjusted []string, err error) {
	view = brandView{Name: strings.TrimSpace(b.Name), SupportURL: b.SupportURL, SupportPhone: strings.TrimSpace(b.SupportPhone)}
	if view.Name == "" {
		view.Name = "Varco"
	}
	if b.SupportURL != "" {
		if u, err := url.Parse(b.SupportURL); err != nil || u.Scheme != "https" || u.Host == "" {
			return view, nil, nil, nil, fmt.Errorf("web: brand support_url %q is not an https URL", b.SupportURL)
		}
	}
	if view.PhoneLink, err = phoneLink(view.SupportPhone); err != nil {
		return view, nil, nil, nil, err
	}
	if css, adjusted, err = brandCSS(b.Colors); err != nil {
		return view, nil, nil, nil, err
	}
	if b.Logo != "" {
		if logo, err = loadLogo(b.Logo); err != nil {
			return view, nil, nil, nil, err
		}
	}
	return view, css, logo, adjusted, nil
}

func brandCSS(c Colors) (css []byte, adjusted []string, err error) {
	if c.Primary == "" {
		c.Primary = "#0f4c81"
	}
	wanted, err := parseColor(c.Primary)
	if err != nil {
		return nil, nil, fmt.Errorf("web: brand colors.primary: %w", err)
	}
	light, moved := readable(wanted, false, 4.5, lightGrounds...)
	if moved {
		adjusted = append(adjusted, fmt.Sprintf("colors.primary %s has too little contrast on light ground (%.1f:1, 4.5:1 needed): %s is used",
			wanted, contrast(wanted, lightGrounds[1]), light))
	}
	wantedDark := wanted
	if c.PrimaryDark != "" {
		if wantedDark, err = parseColor(c.PrimaryDark); err != nil {
			return nil, nil, fmt.Errorf("web: brand colors.primary_dark: %w", err)
		}
	}
	dark, moved := readable(wantedDark, true, 5.5, darkGrounds...)
	if moved && c.PrimaryDark != "" {
		adjusted = append(adjusted, fmt.Sprintf("colors.primary_dark %s has too little contrast on dark ground (%.1f:1, 5.5:1 needed): %s is used", wantedDark, contrast(wantedDark, darkGrounds[2]), dark))
	}
	return fmt.Appendf(nil, ":root{%s}@media (prefers-color-scheme:dark){:root{%s}}\n", brandVars(light, white, black), brandVars(dark, ink, white)), adjusted, nil
}

// brandVars derives the shades of one scheme. on is of the ground's kind, so the contrast that c has with the ground it has with its
// own text too; hover moves away from both, and the contrast only grows.
func brandVars(c, on, away rgb) string {
	return fmt.Sprintf("--brand:%s;--brand-hover:%s;--on-brand:%s", c, c.mix(away, 0.16), on)
}

// phoneLink turns a telephone number as people write it into what tel: wants.
func phoneLink(number string) (string, error) {
	var out strings.Builder
	for i, c := range number {
		switch {
		case c >= '0' && c <= '9', c == '+' && i == 0:
			out.WriteRune(c)
		case unicode.IsSpace(c), strings.ContainsRune("-./()", c):
		default:
			return "", fmt.Errorf("web: brand support_phone %q is not a telephone number", number)
		}
	}
	return out.String(), nil
}

func loadLogo(path string) (*asset, error) {
	body, err := os.ReadFile(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("web: brand logo: %w", err)
	case len(body) > maxLogo:
		return nil, fmt.Errorf("web: brand logo %s: %d bytes, at most %d", path, len(body), maxLogo)
	case bytes.HasPrefix(body, pngSignature):
		return newAsset("logo.png", "image/png", body), nil
	case bytes.Contains(body[:min(len(body), 1024)], []byte("<svg")):
		return newAsset("logo.svg", "image/svg+xml", body), nil
	}
	return nil, fmt.Errorf("web: brand logo %s: neither SVG nor PNG", path)
}

var pngSignature = []byte("\x89PNG\r\n\x1a\n")
