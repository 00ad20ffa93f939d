// Command generate builds blocklist.bin from the sources that generate.sh fetches. Given the same sources it writes
// the same bytes.
//
//	go run ./plugins/password/internal/blocklist/generate -sources DIR -out FILE
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/varco-id/varco/plugins/password/internal/blocklist"
)

// source is one ordered list; its order is its ranking, unless it is sorted by spelling and says so with a flat rank.
type source struct {
	file     string
	password bool // taken from a breach: listed whole, however rare
	flat     int  // the rank of every entry
	limit    int  // entries taken; 0 means all
}

var sources = []source{
	{file: "zxcvbn/passwords.txt", password: true},
	{file: "zxcvbn-ts-common/passwords.json", password: true},
	{file: "hashcat/example.dict", password: true, flat: 1 << 17},
	{file: "zxcvbn/english_wikipedia.txt", limit: 60_000},
	{file: "zxcvbn/us_tv_and_film.txt", limit: 30_000},
	{file: "zxcvbn/surnames.txt", limit: 20_000},
	{file: "zxcvbn/female_names.txt"},
	{file: "zxcvbn/male_names.txt"},
	{file: "zxcvbn-ts-it/commonWords.json"},
	{file: "zxcvbn-ts-it/wikipedia.json"},
	{file: "zxcvbn-ts-it/firstnames.json"},
	{file: "zxcvbn-ts-it/lastnames.json"},
}

func main() {
	dir := flag.String("sources", "", "folder of the fetched sources")
	out := flag.String("out", "", "file to write")
	flag.Parse()
	if err := run(*dir, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(dir, out string) error {
	ranks := map[string]int{}
	for _, s := range sources {
		words, err := read(filepath.Join(dir, s.file))
		if err != nil {
			return err
		}
		if s.limit > 0 && len(words) > s.limit {
			words = words[:s.limit]
		}
		before := len(ranks)
		for i, w := range words {
			rank := i + 1
			if s.flat > 0 {
				rank = s.flat
			}
			add(ranks, w, rank, s.password)
		}
		fmt.Printf("%-36s %7d read %7d new\n", s.file, len(words), len(ranks)-before)
	}
	data := blocklist.Build(ranks)
	fmt.Printf("%d entries, %d bytes\n", len(ranks), len(data))
	return os.WriteFile(out, data, 0o644)
}

// add takes a word unless brute force would find it sooner than its rank says: such an entry tells nothing.
func add(ranks map[string]int, word string, rank int, password bool) {
	if !utf8.ValidString(word) {
		return
	}
	word = strings.ToLower(norm.NFC.String(word))
	n := utf8.RuneCountInString(word)
	if n < 3 || n > 64 {
		return
	}
	brute := 1
	for i := 0; i < n && brute < 1<<30; i++ {
		brute *= 10
	}
	if rank >= brute || !password && n < 4 && rank > 1000 {
		return
	}
	if old, ok := ranks[word]; !ok || rank < old {
		ranks[word] = rank
	}
}

// read returns the words of a JSON array, or the first field of each line.
func read(path string) ([]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var words []string
	if strings.HasSuffix(path, ".json") {
		if err := json.Unmarshal(raw, &words); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return words, nil
	}
	lines := bufio.NewScanner(strings.NewReader(string(raw)))
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 0 {
			words = append(words, fields[0])
		}
	}
	return words, lines.Err()
}
