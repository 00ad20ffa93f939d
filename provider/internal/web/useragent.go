package web

import "strings"

// Browsers name their ancestors too, so the order counts: the most particular name first.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"},
		{"CriOS", "Chrome"}, {"Chrome/", "Chrome"}, {"Chromium/", "Chromium"}, {"Safari/", "Safari"}}
	systems = [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Macintosh", "macOS"},
		{"CrOS", "ChromeOS"}, {"Linux", "Linux"}}
)

// browserName says in a few words which browser a User-Agent belongs to, for a person who looks for the session that is not theirs.
// What is not known is said to be unknown, and never shown raw: the header is whatever a stranger sent.
func browserName(w *words, agent string) string {
	find := func(table [][2]string) string {
		for _, e := range table {
			if strings.Contains(agent, e[0]) {
				return e[1]
			}
		}
		return ""
	}
	browser, system := find(browsers), find(systems)
	switch {
	case browser != "" && system != "":
		return w.T("account.sessions.browser_on", "browser", browser, "system", system)
	case browser != "":
		return browser
	case system != "":
		return system
	}
	return w.T("account.sessions.unknown_browser")
}
