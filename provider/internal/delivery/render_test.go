package delivery

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/sdk"
)

func TestFill(t *testing.T) {
	t.Parallel()
	for pattern, tc := range map[string]struct {
		want string
		err  error
	}{
		"plain":                 {"plain", nil},
		"{code}":                {"123", nil},
		"a{code}b{code}c":       {"a123b123c", nil},
		"{tricky}":              {"{code}", nil}, // a value is never read as a pattern
		"{missing}":             {"", errParam},
		"{open":                 {"", errBrace},
		"{}":                    {"", errParam},
		"close} is text {code}": {"close} is text 123", nil},
	} {
		got, err := fill(pattern, map[string]string{"code": "123", "tricky": "{code}"}, false)
		if got != tc.want || err != tc.err {
			t.Errorf("fill(%q) = %q, %v; want %q, %v", pattern, got, err, tc.want, tc.err)
		}
	}
}

func TestValuesCannotBreakOut(t *testing.T) {
	t.Parallel()
	evil := map[string]string{"v": "a\r\nBcc: b@c\x00\u202e\u2028d\x1b[0m"}
	if got, _ := fill("{v}", evil, true); got != "a  Bcc: b@c   d [0m" && strings.ContainsAny(got, "\r\n\x00\x1b\u202e\u2028") {
		t.Errorf("subject %q", got)
	}
	if got, _ := fill("{v}", evil, true); strings.ContainsAny(got, "\r\n\x00\x1b\u202e\u2028") {
		t.Errorf("a value broke out of its line: %q", got)
	}
	if got, _ := fill("{v}", evil, false); strings.ContainsAny(got, "\r\x00\x1b\u202e\u2028") || !strings.Contains(got, "\n") {
		t.Errorf("text %q", got)
	}
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

func TestNoticesInBothLanguages(t *testing.T) {
	t.Parallel()
	w := &Worker{}
	details := NoticeDetails{Key: "cred-1/2", Brand: "Banca Demo", Method: "app", At: time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)}
	for _, kind := range NoticeKinds {
		var texts []string
		for _, locale := range []string{"en", "it", "it-CH", "IT_it", "de", ""} {
			m := Notice(kind, Recipient{Subject: "s", Locale: locale, Claims: []byte(`{"email":"a@b.test"}`)}, details)
			if m.To != "a@b.test" || m.Channel != Email || m.Instance != "" || m.check() != nil {
				t.Fatalf("%s: %+v", kind, m)
			}
			row := &Row{Channel: Email, Template: m.Template}
			subject, text, err := w.render(row, body{Locale: m.Locale, Params: m.Params})
			if err != nil {
				t.Fatalf("%s %s: %v", kind, locale, err)
			}
			if !strings.Contains(subject, "Banca Demo") || !strings.Contains(text, "2026-11-22 10:30 UTC") || strings.Contains(text, "http") {
				t.Errorf("%s %s: %q %q", kind, locale, subject, text)
			}
			texts = append(texts, text)
		}
		if texts[0] == texts[1] || texts[1] != texts[2] || texts[1] != texts[3] || texts[0] != texts[4] || texts[0] != texts[5] {
			t.Errorf("%s: the languages are mixed up: %q", kind, texts)
		}
	}
	for key, en := range hostTexts["en"] {
		it, ok := hostTexts["it"][key]
		if !ok {
			t.Errorf("%s has no Italian", key)
		}
		a, b := placeholder.FindAllString(en, -1), placeholder.FindAllString(it, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("%s: parameters %v in English, %v in Italian", key, a, b)
		}
	}
	if len(hostTexts["it"]) != len(hostTexts["en"]) {
		t.Error("the Italian file has keys that the English one has not")
	}
}

func TestNoticesAreDistinct(t *testing.T) {
	t.Parallel()
	at := time.Now()
	a := Notice(NoticeBound, Recipient{}, NoticeDetails{Key: "1", At: at})
	b := Notice(NoticeRemoved, Recipient{}, NoticeDetails{Key: "1", At: at})
	if a.Key == b.Key || a.To != "" || !a.ExpiresAt.After(at) {
		t.Errorf("%+v %+v", a, b)
	}
}

func TestOperatorsTextGoesFirst(t *testing.T) {
	t.Parallel()
	w := &Worker{WorkerOptions: WorkerOptions{Texts: pluginTexts{"/notice.blocked": "Own words."}}}
	_, text, err := w.render(&Row{Channel: Email, Template: "notice.blocked"}, body{Params: map[string]string{"brand": "B"}})
	if err != nil || text != "Own words." {
		t.Errorf("%q, %v", text, err)
	}
}

func TestMailOfAPluginWithoutSubject(t *testing.T) {
	t.Parallel()
	w := &Worker{WorkerOptions: WorkerOptions{Texts: otpTexts}}
	row := &Row{Channel: Email, Instance: "otp", Template: "code"}
	subject, text, err := w.render(row, body{Locale: "it", Params: map[string]string{"code": "1"}})
	if err != nil || text != "Your code is 1." || subject != hostTexts["it"][defaultSubject] {
		t.Errorf("%q %q %v", subject, text, err)
	}
	if _, _, err := w.render(&Row{Channel: SMS, Instance: "otp", Template: "notice.blocked"}, body{}); err == nil {
		t.Error("a plugin used the host's texts")
	}
}

func TestScrub(t *testing.T) {
	t.Parallel()
	m := sdk.Message{To: "+39333000111", Body: "Your code is 918273."}
	got := scrub("21211: +39333000111 is not mobile\n(body: 918273; Your code is 918273.)\x00", m)
	if strings.Contains(got, "918273") || strings.Contains(got, "333000") || strings.ContainsAny(got, "\n\x00") {
		t.Errorf("scrub left %q", got)
	}
	if !strings.HasPrefix(got, "21211: ") {
		t.Errorf("scrub removed what helps: %q", got)
	}
	if long := scrub(strings.Repeat("è", 500), m); len(long) > maxReason || !utf8.ValidString(long) {
		t.Errorf("%d bytes, valid %v", len(long), utf8.ValidString(long))
	}
}

func FuzzFill(f *testing.F) {
	f.Add("Hello {a}, {b}", "x\r\n", "{a}")
	f.Add("{", "", "")
	f.Add("{a}{", "}", "{b}")
	f.Fuzz(func(t *testing.T, pattern, a, b string) {
		line, err := fill(pattern, map[string]string{"a": a, "b": b}, true)
		if err != nil {
			return
		}
		if strings.Count(line, "\n") > strings.Count(pattern, "\n") {
			t.Errorf("a value added a line to %q: %q", pattern, line)
		}
		if clip(line, maxSubject) != clip(clip(line, maxSubject), maxSubject) {
			t.Error("clip is not stable")
		}
	})
}
