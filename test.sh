#!/usr/bin/env bash
# Runs every check of the repository, as root: tests start mail servers and apps. It
# needs Go; what else is missing it installs with apt, or says what to install where
# there is no apt.
#
#   ./test.sh            all of it, with two seconds for each fuzz target without Caddy
#   ./test.sh fuzz 10m   the fuzz targets alone, ten minutes each
#   ./test.sh release    the modules whose tests take minutes to compile: the Helm
#                        chart and what releases are made with
#   ./test.sh caddy-main the adapter with the newest commit of Caddy; another version behind it
#
# What only tests, measurements and tools need stands in modules of their own
# (docs/decisions.md); each check runs in all of them.
#
# The last line says how many tests ran: "412 passed, 0 failed". Subtests and
# runs of a fuzz target count as tests. A check that fails (format, vet,
# staticcheck) and a package that fails without a failing test count as one
# failure each. A skipped test fails the run too, and so does a run of no test.
set -euo pipefail
cd "$(dirname "$0")"

mode=${1-all} fuzztime=2s race=(-race)
case $mode in
all) ;;
fuzz) fuzztime=${2:-10m} ;;
release) race=() ;;
caddy-main) caddy=${2:-master} ;;
*)
	echo "usage: $0 [fuzz [time for each target] | release | caddy-main [version]]" >&2
	exit 2
	;;
esac
# All modules of the repository but those of the mode release. The tests of the slow
# one mostly wait, and take as long as all those of the module of the program.
release=(./ops/helm ./ops/release)
mapfile -t modules < <(find . -name go.mod -printf '%h\n' | grep -vxFf <(printf '%s\n' "${release[@]}") | sort)
slow=./internal/acceptance
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 skipped=0

say() { printf '\n== %s\n' "$*"; }

# Command, and the Debian packages that bring it. The race detector needs a C
# compiler; the browser tests need Chromium, with a font to write in; the checker of
# pages needs Java.
needs=(
	"gcc:gcc libc6-dev"
	"redis-server:redis-server"
	"chromium-headless-shell:chromium-headless-shell fonts-dejavu-core"
	"prometheus:prometheus"
	"git:git"
	"curl:curl"
	"java:default-jre-headless"
	"spamassassin:spamassassin"
	"systemd-analyze:systemd"
)

install_missing() {
	local need packages=() commands=()
	for need in "${needs[@]}"; do
		if ! command -v "${need%%:*}" >/dev/null; then
			commands+=("${need%%:*}")
			read -ra more <<<"${need#*:}"
			packages+=("${more[@]}")
		fi
	done
	((${#packages[@]})) || return 0
	local as_root=()
	if ((EUID != 0)); then
		as_root=(sudo)
	fi
	if ! command -v apt-get >/dev/null || { ((EUID != 0)) && ! command -v sudo >/dev/null; }; then
		echo "These commands are missing: ${commands[*]}" >&2
		echo "Install them and try again. On Debian, as root: apt-get install ${packages[*]}" >&2
		exit 1
	fi
	say "installing ${packages[*]}"
	"${as_root[@]}" apt-get update -q
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"
}

# check runs a command whose failure is one failure of the whole.
check() {
	say "$1"
	shift
	if ! "$@"; then
		echo "0 1 0 0" >"$(mktemp "$tmp/counts.XXXXXX")"
	fi
}

formatted() {
	local list
	list=$(gofmt -l .) || return 1
	if [[ -n $list ]]; then
		printf 'not formatted, run gofmt -w on:\n%s\n' "$list"
		return 1
	fi
}

# in_modules runs a command in each module.
in_modules() {
	local module status=0
	for module in "${modules[@]}"; do
		(cd "$module" && "$@") || status=1
	done
	return $status
}

# vet and staticcheck read packages compiled with the race detector: the tests need
# those anyhow, and nothing is compiled in two ways.
staticcheck() {
	go -C internal/tools build -o "$tmp/staticcheck" honnef.co/go/tools/cmd/staticcheck &&
		GOFLAGS="${GOFLAGS-} -race" in_modules "$tmp/staticcheck" ./...
}

# counter reads the events of go test -json: a line for each package as it
# ends, the whole output of whatever fails or is skipped, and at the end into the
# file that the variable counts names how many passed, failed and were skipped,
# how many attack tests failed, and how many attacks are covered, where a test
# says that.
counter='
function field(name,    start) {
	if (!match($0, "\"" name "\":\"([^\"\\\\]|\\\\.)*\"")) return ""
	start = length(name) + 4
	return substr($0, RSTART + start, RLENGTH - start - 1)
}
function plain(s) {
	gsub(/\\\\/, "\001", s)
	gsub(/\\n/, "\n", s); gsub(/\\t/, "\t", s); gsub(/\\r/, "", s); gsub(/\\"/, "\"", s)
	gsub(/\\u003c/, "<", s); gsub(/\\u003e/, ">", s); gsub(/\\u0026/, "\\&", s); gsub(/\\u001b/, "\033", s)
	gsub("\001", "\\", s)
	return s
}
function show(key) { printf "%s", output[key] }
!/^\{/ { print; fflush(); next }
{
	action = field("Action"); package = field("Package"); test = field("Test"); key = package "\n" test
}
action == "build-output" { printf "%s", plain(field("Output")); fflush(); next }
action == "output" {
	said = plain(field("Output")); output[key] = output[key] said
	if (match(said, /catalogue: [0-9]+ covered, [0-9]+ excluded/)) catalogue = substr(said, RSTART, RLENGTH)
	next
}
action == "run" { running[key] = 1; next }
test != "" && (action == "pass" || action == "fail" || action == "skip") {
	delete running[key]
	if (action == "pass") { passed++; passedIn[package]++ }
	if (action == "fail") { failed++; failedIn[package]++; show(key) }
	if (action == "fail" && test ~ /^TestAttack[A-Z][A-Z][0-9][0-9][^\/]*$/) attacks++
	if (action == "skip") { skipped++; show(key) }
	delete output[key]; fflush(); next
}
test == "" && (action == "pass" || action == "fail") {
	for (other in running) {
		split(other, part, "\n")
		if (part[1] != package) continue
		show(other); delete output[other]; delete running[other]
		print "--- FAIL: " part[2] " (did not end)"; failed++; failedIn[package]++
	}
	elapsed = match($0, /"Elapsed":[0-9.]+/) ? substr($0, RSTART + 10, RLENGTH - 10) : 0
	if (action == "fail") {
		if (!failedIn[package]) failed++
		show(key)
	}
	printf "%-4s  %s  %d passed, %d failed  %ss\n", action == "pass" ? "ok" : "FAIL", package, passedIn[package], failedIn[package], elapsed
	delete output[key]; fflush(); next
}
END {
	for (other in running) { show(other); split(other, part, "\n"); print "--- FAIL: " part[1] " " part[2] " (did not end)"; failed++ }
	printf "%d %d %d %d %s\n", passed, failed, skipped, attacks, catalogue > counts
}'

# mawk waits for a full buffer unless it is told not to.
awk=(awk)
if awk -W version 2>&1 </dev/null | grep -q '^mawk'; then
	awk=(awk -W interactive)
fi

# module_tests runs the tests of a module, and leaves in a file what the counter
# counted. A failure that no event told of is one all the same. go vet is a check of its own.
module_tests() { # module, arguments of go test
	local module=$1 counts status more_passed=0 more_failed=0 rest=0
	shift
	counts=$(mktemp "$tmp/counts.XXXXXX")
	set +e
	(cd "$module" && go test "${race[@]}" -vet=off -count=1 -timeout 40m -json "$@" ./...) | "${awk[@]}" -v counts="$counts" "$counter"
	status=("${PIPESTATUS[@]}")
	set -e
	read -r more_passed more_failed rest <"$counts" || true
	if ((status[0] + status[1] != 0 && more_failed == 0)); then
		more_failed=1
	fi
	echo "$more_passed $more_failed $rest" >"$counts"
}

# in_turn runs the tests of modules one after the other, and leaves a core for others.
in_turn() { # modules
	local module
	for module in "$@"; do
		module_tests "$module" -p 1
	done
}

count_tests() {
	local counts more_passed more_failed more_skipped more_attacks words attacks=0 catalogue=
	for counts in $(compgen -G "$tmp/counts.*"); do
		read -r more_passed more_failed more_skipped more_attacks words <"$counts"
		passed=$((passed + more_passed)) failed=$((failed + more_failed)) skipped=$((skipped + more_skipped))
		attacks=$((attacks + more_attacks)) catalogue=${words:-$catalogue}
	done
	if [[ $catalogue ]]; then
		echo "attack $catalogue, $attacks tests of it failing"
	fi
}

fuzz() { # target, folder
	go -C "$2" test -vet=off -run='^$' -fuzz="^$1\$" -fuzztime="$fuzztime" -fuzzminimizetime=2s >"$tmp/fuzz" 2>&1
}

# Go calls it a failure, now and then, that the time was over while an input was
# being tried. There is no input to look at then.
ran_out_of_time() {
	grep -q 'context deadline exceeded' "$tmp/fuzz" && ! grep -q 'Failing input written' "$tmp/fuzz"
}

# fuzz_tests fuzzes all targets of folders.
fuzz_tests() { # folders
	local folder target
	while IFS= read -r folder; do
		while IFS= read -r target; do
			echo "$folder $target"
			if fuzz "$target" "$folder" || { ran_out_of_time && fuzz "$target" "$folder"; }; then
				passed=$((passed + 1))
				grep '^fuzz: elapsed' "$tmp/fuzz" | tail -n 1
			else
				cat "$tmp/fuzz"
				failed=$((failed + 1))
			fi
		done < <(go -C "$folder" test -race -list='^Fuzz' | grep '^Fuzz')
	done < <(grep -rl --include='*_test.go' '^func Fuzz' "$@" | xargs -r -n1 dirname | sort -u)
}

# with_caddy puts a copy of the tree with another Caddy into a folder, and builds it there.
with_caddy() { # version, folder
	cp -a . "$2" &&
		go -C "$2" get "github.com/caddyserver/caddy/v2@$1" &&
		go -C "$2" mod tidy &&
		go -C "$2" build -race -o "$tmp/doorpost" ./cmd/doorpost &&
		"$tmp/doorpost" version
}

if ! command -v go >/dev/null; then
	echo "Go is missing: install the version that go.mod names, or a newer one, see https://go.dev/doc/install" >&2
	exit 1
fi
install_missing
export CGO_ENABLED=1                # for the race detector
export GORACE=atexit_sleep_ms=0     # or each program under it waits for a second before it ends
export GOGC=${GOGC-400}             # compilers and tests take a fifth less CPU time, and more memory
# Releases leave the same databases of Caddy out. The race detector brings checks of unsafe
# pointers along, which take an eighth of the time; no package of ours has any. What
# debuggers need is left out: to write it takes a seventh of the time of a compiler.
export GOFLAGS="${GOFLAGS-} -tags=nobadger,nomysql,nopgx '-gcflags=all=-d=checkptr=0 -dwarf=false' -ldflags=-w"

case $mode in
fuzz)
	say "fuzz targets, $fuzztime each"
	fuzz_tests .
	;;
release)
	modules=("${release[@]}")
	check "go vet" in_modules go vet ./...
	say "tests"
	in_turn "${modules[@]}"
	;;
caddy-main)
	check "Caddy $caddy" with_caddy "$caddy" "$tmp/tree"
	say "tests, with the race detector"
	module_tests "$tmp/tree/caddymodule"
	;;
all)
	{
		check "mail servers of Debian, unpacked for the tests" internal/testkit/mailservers.sh
		check "apps of Debian and npm, unpacked for the tests" internal/testkit/apps.sh
		check "languages of Debian, unpacked for the tests" internal/testkit/languages.sh
		check "a server for calendars of Debian, unpacked for the tests" internal/testkit/radicale.sh
	} &
	check "format" formatted
	check "go vet" in_modules go vet -race ./...
	wait
	say "tests, with the race detector"
	mapfile -t small < <(printf '%s\n' "${modules[@]}" | grep -vxF -e . -e $slow)
	{
		module_tests $slow -parallel 4 # more than there are cores: they mostly wait
		in_turn "${small[@]}"
		check "staticcheck" staticcheck
	} &
	in_turn .
	# Those of caddymodule would compile all of Caddy once more, which takes minutes. What
	# they begin with is tried by the tests.
	say "fuzz targets without Caddy, $fuzztime each"
	fuzz_tests ./internal
	wait
	;;
esac
count_tests

say "result"
if ((skipped > 0)); then
	echo "$skipped skipped: a test that does not run shows nothing"
fi
if ((passed + failed == 0)); then
	echo "no test ran"
fi
echo "$passed passed, $failed failed"
((passed > 0 && failed == 0 && skipped == 0))
