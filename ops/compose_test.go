package ops

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// project is what compose makes of a file.
func project(t *testing.T, path string) *types.Project {
	t.Helper()
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  folder,
		ConfigFiles: []types.ConfigFile{{Filename: path, Content: []byte(read(t, path))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func TestEachServiceOfComposeMayDoLittle(t *testing.T) {
	services := project(t, "compose.yaml").Services
	for name, service := range services {
		if !service.ReadOnly || !slices.Equal(service.CapDrop, []string{"ALL"}) || !slices.Equal(service.SecurityOpt, []string{"no-new-privileges:true"}) || service.Privileged {
			t.Errorf("%s may do more than it needs to: %+v", name, service)
		}
		if len(service.Ports) > 0 && name != "doorpost" {
			t.Errorf("%s is reached beside the gate", name)
		}
		if service.Build == nil && (!strings.Contains(service.Image, ":") || strings.HasSuffix(service.Image, ":latest")) {
			t.Errorf("%s has an image without a version: %s", name, service.Image)
		}
	}
	if len(services) != 3 {
		t.Errorf("there are %d services", len(services))
	}
	if redis := services["redis"]; redis.HealthCheck == nil || !slices.Contains(redis.Command, "noeviction") || len(redis.Volumes) != 1 {
		t.Errorf("Redis forgets, or nobody asks whether it runs: %+v", redis)
	}
}

func TestFilesThatComposeNamesExist(t *testing.T) {
	for _, path := range []string{"compose.yaml", "compose.labels.yaml"} {
		for name, service := range project(t, path).Services {
			if service.Build != nil {
				if _, err := os.Stat(filepath.Join(service.Build.Context, service.Build.Dockerfile)); err != nil {
					t.Errorf("%s: %s: %v", path, name, err)
				}
			}
			for _, volume := range service.Volumes {
				if volume.Type == types.VolumeTypeBind && volume.Source != "/var/run/docker.sock" {
					if _, err := os.Stat(volume.Source); err != nil {
						t.Errorf("%s: %s: %v", path, name, err)
					}
				}
			}
		}
	}
}

// validates gives a Caddyfile the secrets that compose mounts, and has the program
// look at it.
func validates(t *testing.T, caddyfile string, secrets types.Secrets) {
	t.Helper()
	folder := t.TempDir()
	for name := range secrets {
		write(t, filepath.Join(folder, "run", "secrets", name), strings.Repeat("0123456789abcdef", 4))
	}
	path := filepath.Join(folder, "Caddyfile")
	write(t, path, strings.ReplaceAll(caddyfile, "{file./run/", "{file."+folder+"/run/"))
	command := exec.Command(binary, "validate", "--config", path)
	command.Env = append(os.Environ(), "XDG_DATA_HOME="+folder, "XDG_CONFIG_HOME="+folder)
	if printed, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\nin\n%s", err, printed, caddyfile)
	}
}

func TestTheCaddyfileOfComposeFitsItsServices(t *testing.T) {
	loaded := project(t, "compose.yaml")
	caddyfile := read(t, "docker/Caddyfile")
	validates(t, caddyfile, loaded.Secrets)
	for _, address := range []string{"redis:6379", "app:80"} {
		host, _, _ := net.SplitHostPort(address)
		if _, ok := loaded.Services[host]; !ok || !strings.Contains(caddyfile, address) {
			t.Errorf("the Caddyfile does not lead to the service %s", host)
		}
	}
}
