package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryBrandIsReadable takes colours from all over the cube: whatever a bank likes, its text reaches 4.5:1 (WCAG 1.4.3).
func TestEveryBrandIsReadable(t *testing.T) {
	t.Parallel()
	vars := regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]{6})`)
	for r := 0; r < 256; r += 51 {
		for g := 0; g < 256; g += 51 {
			for b := 0; b < 256; b += 51 {
				c := rgb{uint8(r), uint8(g), uint8(b)}
				css, _, err := brandCSS(Colors{Primary: c.String(), PrimaryDark: c.String()})
				if err != nil {
					t.Fatal(err)
				}
				light, dark, _ := strings.Cut(string(css), "@media")
				for scheme, grounds := range map[string][]rgb{light: lightGrounds, dark: darkGrounds} {
					v := map[string]rgb{}
					for _, m := range vars.FindAllStringSubmatch(scheme, -1) {
						v[m[1]], _ = parseColor(m[2])
					}
					for _, ground := range grounds {
						for _, name := range []string{"brand", "brand-hover"} {
							if got := contrast(v[name], ground); got < 4.5 {
								t.Errorf("%s: %s %s on %s: %.2f", c, name, v[name], ground, got)
							}
							if got := contrast(v[name], v["on-brand"]); got < 4.5 {
								t.Errorf("%s: text on %s: %.2f", c, name, got)
							}
						}
					}
				}
			}
		}
	}
}

// TestGroundsAreThoseOfTheStylesheet: brand.go computes against the colours that style.css paints.
func TestGroundsAreThoseOfTheStylesheet(t *testing.T) {
	t.Parallel()
	raw, err := staticFiles.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, _ := strings.Cut(string(raw), "@media (prefers-color-scheme: dark)")
	for scheme, grounds := range map[string][]rgb{light: lightGrounds, dark: darkGrounds} {
		known := map[rgb]bool{}
		for _, g := range grounds {
			known[g] = true
		}
		for _, m := range regexp.MustCompile(`--(?:ground|card|raised): (#[0-9a-f]{6})`).FindAllStringSubmatch(scheme, -1) {
			c, err := parseColor(m[1])
			if err != nil || !known[c] {
				t.Errorf("ground %s of the stylesheet is not considered", m[1])
			}
		}
	}
}

func TestBrandAdjustments(t *testing.T) {
	t.Parallel()
	adjusted, err := Brand{Colors: Colors{Primary: "#ffd200", PrimaryDark: "#001040"}}.Check()
	if err != nil || len(adjusted) != 2 || !strings.Contains(adjusted[0], "#ffd200") || !strings.Contains(adjusted[1], "#001040") {
		t.Errorf("%v, %v", adjusted, err)
	}
	adjusted, err = Brand{Colors: Colors{Primary: "#0f4c81"}}.Check()
	if err != nil || len(adjusted) != 0 {
		t.Errorf("%v, %v", adjusted, err)
	}
	// A colour that is adjusted keeps its hue.
	yellow, moved := readable(rgb{0xff, 0xd2, 0x00}, false, 4.5, white)
	if !moved || yellow.r <= yellow.g || yellow.g <= yellow.b {
		t.Errorf("yellow became %v", yellow)
	}
}

func TestContrast(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b rgb
		want float64
	}{{white, black, 21}, {white, white, 1}, {rgb{0x76, 0x76, 0x76}, white, 4.54}, {white, rgb{0x00, 0x00, 0xff}, 8.59}} {
		if got := contrast(tc.a, tc.b); got < tc.want-0.01 || got > tc.want+0.01 {
			t.Errorf("%v on %v: %.3f, want %.2f", tc.a, tc.b, got, tc.want)
		}
	}
	for _, c := range []rgb{white, black, {1, 2, 3}, {200, 10, 90}, {0x0f, 0x4c, 0x81}} {
		if got := toLab(c).rgb(); got != c {
			t.Errorf("%v through OKLab: %v", c, got)
		}
	}
}

func TestBadBrands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, tc := range map[string]struct {
		brand Brand
		want  string
	}{
		"colour":        {Brand{Colors: Colors{Primary: "green"}}, "colors.primary"},
		"dark colour":   {Brand{Colors: Colors{PrimaryDark: "#12345g"}}, "colors.primary_dark"},
		"help in clear": {Brand{SupportURL: "http://bank.test/"}, "support_url"},
		"help script":   {Brand{SupportURL: "javascript:alert(1)"}, "support_url"},
		"phone":         {Brand{SupportPhone: "call us"}, "support_phone"},
		"no logo":       {Brand{Logo: filepath.Join(dir, "none.svg")}, "logo"},
		"logo of text":  {Brand{Logo: file("a.svg", "hello")}, "neither SVG nor PNG"},
		"large logo":    {Brand{Logo: file("b.svg", "<svg>"+strings.Repeat(" ", 300<<10))}, "at most"},
		"texts":         {Brand{Texts: map[string]map[string]string{"en": {"contineu": "x"}}}, `"continue"`},
	} {
		if _, err := tc.brand.Check(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (Brand{Logo: file("c.png", string(pngSignature)), SupportPhone: "+39 (02) 12-34.56", SupportURL: "https://bank.test/"}).Check(); err != nil {
		t.Error(err)
	}
	if got, _ := phoneLink("+39 (02) 12-34.56"); got != "+3902123456" {
		t.Errorf("phone: %q", got)
	}
}
