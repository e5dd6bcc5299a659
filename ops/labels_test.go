package ops

import (
	"testing"

	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	_ "github.com/doorpost-auth/doorpost/caddymodule"
	"github.com/lucaslorentz/caddy-docker-proxy/v2/config"
	proxy "github.com/lucaslorentz/caddy-docker-proxy/v2/docker"
	"github.com/lucaslorentz/caddy-docker-proxy/v2/generator"
	"go.uber.org/zap/zaptest"
)

// caddyfileOf is what caddy-docker-proxy makes of the labels of a project whose containers
// all run.
func caddyfileOf(t *testing.T, loaded *types.Project) string {
	t.Helper()
	const front = "doorpost_front"
	client := &proxy.ClientMock{NetworksData: []network.Summary{{ID: front, Name: front}}}
	for _, name := range loaded.ServiceNames() {
		client.ContainersData = append(client.ContainersData, container.Summary{
			ID: name, Labels: loaded.Services[name].Labels,
			NetworkSettings: &container.NetworkSettingsSummary{Networks: map[string]*network.EndpointSettings{
				front: {NetworkID: front, IPAddress: "172.18.0.2"},
			}},
		})
	}
	generated, _ := generator.CreateGenerator([]proxy.Client{client}, &proxy.UtilsMock{}, &config.Options{
		LabelPrefix: generator.DefaultLabelPrefix, IngressNetworks: []string{front}, ProcessCaddyfile: true,
	}).GenerateCaddyfile(zaptest.NewLogger(t))
	return string(generated)
}

const fromLabels = `{
	doorpost {
		from "Example <sign-in@example.com>"
		mailer smtp smtp.example.com:587 {
			password {file./run/secrets/mail-password}
			username sign-in@example.com
		}
	}
}
app.example.com {
	doorpost {
		allow alice@example.com *@example.org
		public /health
	}
	reverse_proxy 172.18.0.2:80
}
`

func TestLabelsBecomeACaddyfileThatTheProgramTakes(t *testing.T) {
	loaded := project(t, "compose.labels.yaml")
	got := caddyfileOf(t, loaded)
	if got != fromLabels {
		t.Errorf("caddy-docker-proxy makes of the labels\n%s\nnot\n%s", got, fromLabels)
	}
	validates(t, got, loaded.Secrets)
}
