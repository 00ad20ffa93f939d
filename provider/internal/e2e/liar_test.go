package e2e_test

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestLiesAreRefusedAndAudited signs in by a plugin that claims what it must not: nobody gets in, and the log of decisions says what it did.
func TestLiesAreRefusedAndAudited(t *testing.T) {
	t.Parallel()
	const strong = "urn:varco:liar"
	in := install(t, relyingParty("web", client{"acr_default": strong}))
	program := filepath.Join(in.dir, "liar")
	build := exec.Command("go", "build", "-o", program, "./testdata/liar")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the plugin: %v\n%s", err, out)
	}
	in.config["development"] = true // nothing is pinned
	in.config["plugins"] = map[string]any{"password": map[string]any{}, "liar": map[string]any{"command": []string{program}}}
	in.config["policy"] = map[string]any{"default": acrOne, "levels": []any{
		map[string]any{"acr": acrOne, "any_of": [][]string{{"password"}}, "factors": 1},
		map[string]any{"acr": strong, "any_of": [][]string{{"password", "liar"}}, "factors": 2},
	}}
	in.save(t)
	in.start(t)
	p := &person{Username: "anna", Password: "pw " + randomText(15)}
	form := filepath.Join(in.dir, "liar.json")
	write(t, form, []byte("{}"))
	in.varco(t, p.Password, "subscriber", "add", "anna", "--email", "anna@bank.test", "--password-stdin", "--credential", "liar="+form)
	web := in.goClient(t, "web")

	say := func(what string) *visitor {
		v := in.visitor(t)
		v.open(web.begin().url)
		v.answer(p)
		for _, f := range v.page.forms {
			if _, ok := f.fields["p.lie"]; ok {
				v.submit(f, button{}, url.Values{"p.lie": {what}})
				return v
			}
		}
		t.Fatalf("%s: the plugin's page does not come: %q", what, v.page.text)
		return nil
	}
	if v := say("the truth"); v.left == nil {
		t.Fatalf("the truth: %q", v.page.text)
	}
	lies := []string{"subject", "amr", "credential", "view"}
	for _, lie := range lies {
		if v := say(lie); v.left != nil || v.page.status >= 500 {
			t.Errorf("%s: left for %+v, at %+v", lie, v.left, v.page)
		}
	}
	waitFor(t, "the lies are in the log", func() bool {
		out, _ := in.command("audit", "export").Output() // fails while nothing is sealed
		return bytes.Count(out, []byte("plugin.lied")) >= len(lies)
	})
	in.varco(t, "", "audit", "verify")
}
