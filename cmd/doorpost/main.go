// Command doorpost is Caddy with the Doorpost module in it. Every caddy command
// works; demo and protect are its own.
package main

import (
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/doorpost-auth/doorpost/caddymodule"
)

func main() { caddymodule.Main() }
