package helm

import (
	"flag"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write what the chart is rendered to now into testdata")

const folder = "doorpost"

// setups are the values that differ from those of the chart, by the name of the golden file.
var setups = map[string]map[string]any{
	"bolt":  {},
	"redis": {"replicas": 3, "caddyfile": "{\n\tdoorpost {\n\t\tstore redis redis://redis:6379\n\t}\n}\n", "image": map[string]any{"repository": "registry.example.com/doorpost", "tag": "1.2.3"}},
}

// rendered are the files of the chart as helm template has them.
func rendered(values map[string]any) (map[string]string, error) {
	chart, err := loader.Load(folder)
	if err != nil {
		return nil, err
	}
	all, err := chartutil.ToRenderValues(chart, values, chartutil.ReleaseOptions{Name: "gate", Namespace: "default", IsInstall: true}, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(chart, all)
	named := make(map[string]string)
	for name, content := range files {
		named[path.Base(name)] = content
	}
	return named, err
}

func mustRender(t *testing.T, values map[string]any) map[string]string {
	t.Helper()
	files, err := rendered(values)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// as reads an object of Kubernetes, of which it knows every field.
func as[Object any](t *testing.T, content string) (object Object) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(content), &object); err != nil {
		t.Fatalf("%v in\n%s", err, content)
	}
	return object
}

func TestHelmHasNothingToSayToTheChart(t *testing.T) {
	for name, values := range setups {
		for _, message := range lint.All(folder, values, "default", true).Messages {
			if !strings.Contains(message.Error(), "icon is recommended") {
				t.Errorf("%s: %s", name, message)
			}
		}
	}
}

func TestTheChartIsRenderedAsInTheGoldenFiles(t *testing.T) {
	for name, values := range setups {
		files := mustRender(t, values)
		var all strings.Builder
		for _, file := range []string{"configmap.yaml", "service.yaml", "workload.yaml"} {
			all.WriteString("---\n" + strings.TrimSpace(files[file]) + "\n")
		}
		golden := filepath.Join("testdata", name+".yaml")
		if *update {
			if err := os.WriteFile(golden, []byte(all.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if all.String() != string(want) {
			t.Errorf("%s is not what it was; run go -C ops/helm test . -update and read the difference:\n%s", golden, all.String())
		}
	}
}

func TestABoltFileHasAVolumeAndOneInstance(t *testing.T) {
	set := as[apps.StatefulSet](t, mustRender(t, setups["bolt"])["workload.yaml"])
	if set.Kind != "StatefulSet" || *set.Spec.Replicas != 1 || len(set.Spec.VolumeClaimTemplates) != 1 {
		t.Errorf("it is %+v", set)
	}
	checkPod(t, set.Spec.Template)
	if _, err := rendered(map[string]any{"replicas": 2}); err == nil || !strings.Contains(err.Error(), "caddyfile") {
		t.Errorf("two instances with a bolt file each: %v", err)
	}
}

func TestInstancesOnRedisHaveNothingOfTheirOwn(t *testing.T) {
	deployment := as[apps.Deployment](t, mustRender(t, setups["redis"])["workload.yaml"])
	if deployment.Kind != "Deployment" || *deployment.Spec.Replicas != 3 {
		t.Errorf("it is %+v", deployment)
	}
	checkPod(t, deployment.Spec.Template)
	if image := deployment.Spec.Template.Spec.Containers[0].Image; image != "registry.example.com/doorpost:1.2.3" {
		t.Errorf("the image is %s", image)
	}
}

// checkPod fails the test if a pod may do more than it needs to, is not asked how it is, or
// does not match its service.
func checkPod(t *testing.T, pod core.PodTemplateSpec) {
	t.Helper()
	container := pod.Spec.Containers[0]
	may := container.SecurityContext
	if !*pod.Spec.SecurityContext.RunAsNonRoot || *may.AllowPrivilegeEscalation || !*may.ReadOnlyRootFilesystem ||
		!slices.Equal(may.Capabilities.Drop, []core.Capability{"ALL"}) || *pod.Spec.AutomountServiceAccountToken {
		t.Errorf("it may do more than it needs to: %+v, %+v", pod.Spec, may)
	}
	for _, probe := range []*core.Probe{container.StartupProbe, container.LivenessProbe, container.ReadinessProbe} {
		if want := []string{"/usr/bin/doorpost", "health", "--address", "localhost:2019"}; !slices.Equal(probe.Exec.Command, want) {
			t.Errorf("it is asked with %q", probe.Exec.Command)
		}
	}
	for _, mount := range container.VolumeMounts {
		if mount.Name != "data" && !slices.ContainsFunc(pod.Spec.Volumes, func(v core.Volume) bool { return v.Name == mount.Name }) {
			t.Errorf("nothing is mounted at %s", mount.MountPath)
		}
	}
	service := as[core.Service](t, mustRender(t, nil)["service.yaml"])
	for label, value := range service.Spec.Selector {
		if pod.Labels[label] != value {
			t.Errorf("the service does not find it by %s", label)
		}
	}
	if service.Spec.Ports[0].TargetPort.StrVal != container.Ports[0].Name {
		t.Errorf("the service leads to %+v", service.Spec.Ports)
	}
}

func TestWrongValuesAreRefused(t *testing.T) {
	for what, is := range map[string]struct {
		values map[string]any
		at     string // what the refusal names
	}{
		"a mistyped name":            {map[string]any{"replica": 1}, "'replica'"},
		"no instance":                {map[string]any{"replicas": 0}, "/replicas"},
		"no Caddyfile":               {map[string]any{"caddyfile": ""}, "/caddyfile"},
		"two instances and no Redis": {map[string]any{"replicas": 2}, "/caddyfile"},
		"a service of no kind":       {map[string]any{"service": map[string]any{"type": "Cluster", "port": 80}}, "/service/type"},
		"a size without a unit":      {map[string]any{"storage": map[string]any{"size": "10"}}, "/storage/size"},
		"an image without a name":    {map[string]any{"image": map[string]any{"repository": ""}}, "/image/repository"},
	} {
		if _, err := rendered(is.values); err == nil || !strings.Contains(err.Error(), is.at) {
			t.Errorf("%s: %v, want a refusal that names %s", what, err, is.at)
		}
	}
}
