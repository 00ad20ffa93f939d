package e2e_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

const acrWord = "urn:varco:word"

// withNode makes the example in Node.js a plugin of the installation, for acrWord.
func (in *installation) withNode(t *testing.T) {
	t.Helper()
	main, err := filepath.Abs("../../../examples/authenticator-node/main.js")
	if err != nil {
		t.Fatal(err)
	}
	in.config["development"] = true // nothing is pinned
	in.config["plugins"] = map[string]any{"password": map[string]any{}, "totp": map[string]any{},
		"word": map[string]any{"command": []string{node(t), main}, "config": map[string]any{"ask": 3}}}
	in.config["policy"] = map[string]any{"default": acrOne, "bind_at_login": []string{"word"}, "levels": []any{
		map[string]any{"acr": acrOne, "any_of": [][]string{{"password"}}, "factors": 1},
		map[string]any{"acr": acrWord, "any_of": [][]string{{"password", "word"}}, "factors": 1},
	}}
	in.save(t)
}

// A plugin in another language takes part in a login as the bundled ones do: it binds, it asks, it refuses, in the
// language of the page, and what it stores is sealed.
func TestNode(t *testing.T) {
	t.Parallel()
	app := listen(t)
	in := install(t, relyingParty("web", client{"acr_default": acrWord, "redirect_uris": []string{app.url + "/callback"}}))
	in.withNode(t)
	server := in.start(t)
	// Who has another authenticator must use that one first, so she has a password alone.
	anna := &person{Username: "anna.rossi", Password: "pw " + randomText(15)}
	in.varco(t, anna.Password, "subscriber", "add", anna.Username, "--name", "Anna Rossi", "--email", "anna@bank.test", "--password-stdin")
	in.canary.keep("password", anna.Password)
	const secret = "montebianco42"
	in.canary.keep("memorable word", secret)

	browser, rp := webtest.Browser(t), in.goClient(t, "web")
	rp.RedirectURL = app.url + "/callback"
	signIn := func(language string) (*desk, attempt) {
		t.Helper()
		d, request := newDesk(t, browser, language), rp.begin()
		d.open(request.url)
		d.identify(anna)
		return d, request
	}
	says := func(d *desk, text string) {
		t.Helper()
		d.await(settled(`document.body.innerText.includes(` + quote(text) + `)`))
	}

	// The first time the person chooses a word, and the page says in Italian what is wrong with a short one.
	d, request := signIn("it")
	const chosen = `input[autocomplete=new-password]`
	d.shows(chosen)
	webtest.Axe(t, d.Tab, "choosing a word")
	d.fill(chosen, "breve")
	d.click(sendButton)
	says(d, "Scegli almeno 8 lettere e cifre")
	d.fill(chosen, "Montebianco42")
	d.click(sendButton)
	says(d, "della tua parola segreta")
	d.giveCharacters(secret)
	rp.redeem(request, app.answer(t))

	// From then on it asks for characters; wrong ones are refused, and the same ones are asked for again.
	d, request = signIn("en")
	asked := d.asked()
	webtest.Axe(t, d.Tab, "asking for characters")
	d.giveCharacters(strings.Repeat("x", len(secret)))
	says(d, "These characters are not right")
	if again := d.asked(); !slices.Equal(again, asked) {
		t.Errorf("after a failure it asks for %v instead of %v", again, asked)
	}
	d.giveCharacters(secret)
	var claims struct {
		ACR string
		AMR []string
	}
	if err := rp.redeem(request, app.answer(t)).id.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	if claims.ACR != acrWord || !slices.Contains(claims.AMR, "pwd") || !slices.Contains(claims.AMR, "kba") {
		t.Errorf("signed in with %+v", claims)
	}

	if out := string(in.varco(t, "", "plugin", "list")); !strings.Contains(out, `"memorable-word"`) {
		t.Errorf("plugin list answered %s", out)
	}
	server.end(syscall.SIGTERM)
	files, err := filepath.Glob(filepath.Join(in.dir, "data", "*"))
	if err != nil {
		t.Fatal(err)
	}
	stored := 0
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil {
			in.canary.check(t, filepath.Base(file), content)
			stored += len(content)
		}
	}
	if stored == 0 {
		t.Errorf("nothing is stored in %v", files)
	}
}

// The skeleton of a plugin runs as an operator would have it: every file pinned by its digest, and nothing of it outside
// the manifest.
func TestPinnedSkeleton(t *testing.T) {
	t.Parallel()
	in := install(t, relyingParty("web", client{"acr_default": acrWord}))
	dir := filepath.Join(in.dir, "pin")
	in.varco(t, "", "plugin", "new", "pin", "--lang", "node", "--dir", dir)
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund")
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	pinned := decode[map[string]any](t, in.varco(t, "", "plugin", "pin", node(t), filepath.Join(dir, "main.js")))
	if pinned["manifest"] == nil || pinned["sha256"] == nil {
		t.Fatalf("plugin pin answered %v", pinned)
	}
	in.config["plugins"] = map[string]any{"password": map[string]any{}, "pin": pinned}
	in.config["policy"] = map[string]any{"default": acrOne, "bind_at_login": []string{"pin"}, "levels": []any{
		map[string]any{"acr": acrOne, "any_of": [][]string{{"password"}}, "factors": 1},
		map[string]any{"acr": acrWord, "any_of": [][]string{{"password", "pin"}}, "factors": 1},
	}}
	in.save(t)
	server := in.start(t)
	anna := &person{Username: "anna.rossi", Password: "pw " + randomText(15)}
	in.varco(t, anna.Password, "subscriber", "add", anna.Username, "--name", "Anna Rossi", "--email", "anna@bank.test", "--password-stdin")

	c := in.goClient(t, "web")
	for _, kinds := range [][]string{{"new-password", "current-password"}, {"current-password"}} { // chosen twice, then asked for
		a, v := c.begin(), in.visitor(t)
		v.open(a.url)
		for v.page.title != "Choose a PIN" && v.page.title != "Your PIN" {
			if !v.answer(anna) {
				t.Fatalf("the sign-in stopped at %q: %s", v.page.title, v.page.text)
			}
		}
		for _, kind := range kinds {
			f, name := v.page.field(kind)
			if f == nil {
				t.Fatalf("the page %q has no %s: %s", v.page.title, kind, v.page.text)
			}
			v.submit(f, button{}, url.Values{name: {"246801"}})
		}
		if v.left == nil {
			t.Fatalf("the sign-in stopped at %q: %s", v.page.title, v.page.text)
		}
		c.redeem(a, v.left.params())
	}

	// What was reviewed is what runs: a changed file stops the plugin, not the server.
	server.end(syscall.SIGTERM)
	write(t, filepath.Join(dir, "plugin.js"), []byte("process.exit(0)\n"))
	in.start(t)
	waitFor(t, "the changed plugin is refused", func() bool {
		return strings.Contains(string(in.varco(t, "", "plugin", "list")), "manifest")
	})
}

// node is the path of Node.js, without links.
func node(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// asked are the positions that the page asks for.
func (d *desk) asked() []int {
	d.t.Helper()
	d.shows(`input[id^="f-c"]`)
	positions, err := eval[[]int](d, `[...document.querySelectorAll("main input[id^=f-c]")].map(field => Number(field.id.slice(3)))`)
	if err != nil {
		d.t.Fatal(err)
	}
	return positions
}

// giveCharacters fills in the characters of a word that the page asks for.
func (d *desk) giveCharacters(word string) {
	d.t.Helper()
	for _, position := range d.asked() {
		d.fill(`#f-c`+strconv.Itoa(position), word[position-1:position])
	}
	d.click(sendButton)
}
