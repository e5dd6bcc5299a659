package ops

import (
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v4"
)

// The chart itself is tested in a module of its own, with Helm.
func TestTheCaddyfileOfTheChartIsValid(t *testing.T) {
	var values struct{ Caddyfile string }
	if err := yaml.Unmarshal([]byte(read(t, "helm/doorpost/values.yaml")), &values); err != nil {
		t.Fatal(err)
	}
	validates(t, values.Caddyfile, types.Secrets{"doorpost/secret": {}, "doorpost/mail-password": {}})
}
