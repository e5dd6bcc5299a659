// Command doorpost is Caddy with the Doorpost module in it. Every caddy command
// works; demo and protect are its own.
package main

import (
	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/doorpost-auth/doorpost/caddymodule"
)

func main() {
	caddy.CustomBinaryName = "doorpost"
	for _, command := range caddymodule.Commands() {
		caddycmd.RegisterCommand(command)
	}
	caddycmd.Main()
}
