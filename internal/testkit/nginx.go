package testkit

import "testing"

// StartNginx starts nginx with some servers, in its configuration's own words. In them
// ADDRESS is where it listens, and DATA/cert.pem and DATA/key.pem are its certificate.
func StartNginx(t testing.TB, servers string) *App {
	t.Helper()
	certificate, err := NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(t, "nginx")
	a.write(t, "cert.pem", string(certificate.PEM))
	a.write(t, "key.pem", string(certificate.KeyPEM))
	a.write(t, "nginx.conf", `daemon off;
pid DATA/pid;
events {}
http {
	access_log off;
	client_body_temp_path DATA/body;
	proxy_temp_path DATA/proxy;
	fastcgi_temp_path DATA/fastcgi;
	uwsgi_temp_path DATA/uwsgi;
	scgi_temp_path DATA/scgi;
`+servers+"}\n")
	return a.run(t, "/usr/sbin/nginx", "-c", a.data+"/nginx.conf", "-e", "stderr")
}
