package main

import "github.com/varco-id/varco/plugins/sdk"

func main() { sdk.Serve(New()) }
