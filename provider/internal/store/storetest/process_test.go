package storetest_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/varco-id/varco/provider/internal/store/storetest"
	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
)

const (
	processURL   = "VARCO_TEST_RACE_URL"
	processRacer = "VARCO_TEST_RACE_RACER"
	codes        = 300
	processes    = 4
)

// TestRedeemAsAnotherProcess is one of the processes of TestProcesses, which says so in the environment; by itself it races alone.
func TestRedeemAsAnotherProcess(t *testing.T) {
	url, alone := os.Getenv(processURL), false
	if url == "" {
		url, alone = prepared(t), true
	}
	racer, _ := strconv.Atoi(os.Getenv(processRacer))
	s := pgtest.OpenURL(t, url)
	var won []string
	for code := range codes {
		if storetest.RedeemCode(t, s, code, racer) {
			won = append(won, strconv.Itoa(code))
		}
	}
	if alone && len(won) != codes {
		t.Errorf("alone, %d codes of %d were redeemed", len(won), codes)
	}
	fmt.Printf("won: %s\n", strings.Join(won, " "))
}

func prepared(t *testing.T) string {
	url := pgtest.DSN(t)
	storetest.PrepareCodes(t, pgtest.OpenURL(t, url), codes)
	return url
}

// Replicas are processes: what one of them keeps in memory must not be what makes a code good for one redemption.
func TestProcesses(t *testing.T) {
	t.Parallel()
	url := prepared(t)
	var mu sync.Mutex
	won := make(map[string]int)
	var all sync.WaitGroup
	for racer := range processes {
		all.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestRedeemAsAnotherProcess$")
			cmd.Env = append(os.Environ(), processURL+"="+url, processRacer+"="+strconv.Itoa(racer))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("process %d: %v\n%s", racer, err, out)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for line := range strings.Lines(string(out)) {
				if list, ok := strings.CutPrefix(line, "won: "); ok {
					for _, code := range strings.Fields(list) {
						won[code]++
					}
				}
			}
		})
	}
	all.Wait()
	if len(won) != codes {
		t.Errorf("%d codes of %d were redeemed", len(won), codes)
	}
	for code, n := range won {
		if n != 1 {
			t.Errorf("code %s was redeemed %d times", code, n)
		}
	}
}
