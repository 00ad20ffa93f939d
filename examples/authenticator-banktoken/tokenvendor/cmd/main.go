// Command cmd runs the vendor's service and a phone for each device, to try the plugin by hand:
//
//	go run ./examples/authenticator-banktoken/tokenvendor/cmd -device anna-phone-1 -callback http://127.0.0.1:8080/plugins/banktoken/event
//
// The phones are in the terminal: they show what they are asked, and take "y" or "n".
package main

import (
	"bufio"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/varco-id/varco/examples/authenticator-banktoken/tokenvendor"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:9090", "address of the service")
	device := flag.String("device", "anna-phone-1", "the phone that is enrolled")
	callback := flag.String("callback", "", "where answers are told; nowhere when empty")
	flag.Parse()
	s := tokenvendor.New(os.Getenv("TOKEN_API_KEY"), os.Getenv("TOKEN_CALLBACK_KEY"))
	s.CallbackURL = *callback
	s.Enrol(*device)
	go phone(s, *device)
	fmt.Printf("The vendor's service is at http://%s, and %s is enrolled.\n", *listen, *device)
	server := &http.Server{Addr: *listen, Handler: s, ReadHeaderTimeout: 5 * time.Second}
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}

// phone shows what it is asked and answers what is typed.
func phone(s *tokenvendor.Server, device string) {
	typed := bufio.NewScanner(os.Stdin)
	for seen := 0; ; time.Sleep(200 * time.Millisecond) {
		all := s.Shown(device)
		for ; seen < len(all); seen++ {
			fmt.Printf("\n%s: approve the sign-in to %q, number %s? (y/n) ", device, all[seen].Text, all[seen].Number)
			if !typed.Scan() {
				return
			}
			status := "denied"
			if strings.HasPrefix(typed.Text(), "y") {
				status = "approved"
			}
			if err := s.Answer(all[seen].ID, status); err != nil {
				fmt.Println(err)
			}
		}
	}
}
