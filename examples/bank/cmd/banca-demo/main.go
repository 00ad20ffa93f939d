// Command banca-demo runs the demo bank beside any OpenID Provider:
//
//	BANK_URL=http://127.0.0.1:8081 ISSUER=https://login.example CLIENT_ID=banca-demo CLIENT_SECRET=… go run ./examples/bank/cmd/banca-demo
//
// The provider must know the redirect URI $BANK_URL/callback and, for signing out, $BANK_URL/.
package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/varco-id/varco/examples/bank"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "banca-demo:", err)
		os.Exit(1)
	}
}

func run() error {
	issuer := os.Getenv("ISSUER")
	b, err := bank.New(bank.Config{URL: os.Getenv("BANK_URL"), Issuer: issuer, ClientID: os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"), AccountURL: issuer + "/account"})
	if err != nil {
		return fmt.Errorf("%w: set BANK_URL, ISSUER, CLIENT_ID and CLIENT_SECRET", err)
	}
	u, err := url.Parse(os.Getenv("BANK_URL"))
	if err != nil {
		return fmt.Errorf("BANK_URL is not a URL: %w", err)
	}
	server := &http.Server{Addr: u.Host, Handler: b, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second}
	fmt.Println("Banca Demo answers on", u)
	return server.ListenAndServe()
}
