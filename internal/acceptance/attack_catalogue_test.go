package acceptance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// catalogue are the attacks and faults that gates of this kind have met, by the
// short names that docs/threat-model.md gives them.
var catalogue = strings.Fields(`
	ID-01 ID-02 ID-03 ID-04 ID-06 ID-07 ID-09
	BY-01 BY-02 BY-03 BY-05 BY-07 BY-08
	RD-01 RD-02 RD-04 RD-06 RD-07 RD-08
	TK-01 TK-02 TK-03 TK-04 TK-05 TK-06 TK-08 TK-10 TK-11 TK-12 TK-13 TK-15
	EM-01 EM-02 EM-03 EM-04 EM-07 EM-08 EM-09
	ML-01 ML-03 ML-04 ML-05 ML-06
	SE-01 SE-02 SE-04 SE-05 SE-06 SE-07 SE-09 SE-10 SE-11 SE-13 SE-14
	CS-01 CS-02 CS-04 CS-06 CS-07 CS-08 CS-09
	EN-01 EN-02 EN-03
	RL-01 RL-02 RL-04 RL-05 RL-07 RL-20 RL-21 RL-22 RL-23 RL-24
	DS-01 DS-03 DS-04 DS-05 DS-06
	LG-01 LG-03 LG-04
	ST-01 ST-02 ST-03 ST-04 ST-05 ST-06 ST-07 ST-08 ST-09 ST-11 ST-13 ST-14 ST-15
	MF-01 MF-02 MF-03 MF-04
	LC-01 LC-02 LC-03 LC-04 LC-06 LC-07 LC-08 LC-09
	AP-01 AP-03
	PO-01 PO-02 PO-03 PO-04 PO-05 PO-06 PO-07 PO-08
	AS-01
	TN-01 TN-02 TN-03 TN-04 TN-05
	PK-01 PK-02 PK-03 PK-04 PK-05`)

var (
	catalogueRow = regexp.MustCompile(`(?m)^\| ([A-Z]{2}-\d\d) \| (.*) \|$`)
	testName     = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9]*)`")
	attackName   = regexp.MustCompile(`^(?:Test|Benchmark)Attack([A-Z]{2})(\d\d)`)
)

// The table says of each attack what is done against it and which tests show
// that. A test that it names is there, each test of an attack is named, and
// what has no test is in the other table, with the reason.
func TestEveryAttackOfTheCatalogueIsCoveredOrExcluded(t *testing.T) {
	t.Parallel()
	const begin, second, end = "## Known attacks, and the tests against them", "### Without a test", "\n## "
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, tables, found := strings.Cut(string(content), begin)
	tables, _, _ = strings.Cut(tables, end)
	covered, excluded, both := strings.Cut(tables, second)
	if !found || !both {
		t.Fatalf("docs/threat-model.md has not the headings %q and %q", begin, second)
	}
	tests := testsOfTheRepository(t)
	with, named := make(map[string]bool), make(map[string][]string)
	for _, row := range catalogueRow.FindAllStringSubmatch(covered, -1) {
		id, cells := row[1], strings.Split(row[2], " | ")
		if with[id] {
			t.Errorf("%s is in the table twice", id)
		}
		with[id] = true
		names := testName.FindAllStringSubmatch(row[2], -1)
		if len(cells) != 2 || cells[0] == "" || len(names) == 0 {
			t.Errorf("%s has not a sentence and a test: %s", id, row[2])
		}
		for _, name := range names {
			named[name[1]] = append(named[name[1]], id)
			if !tests[name[1]] {
				t.Errorf("%s names the test %s, which does not exist", id, name[1])
			}
		}
	}
	without := make(map[string]bool)
	for _, row := range catalogueRow.FindAllStringSubmatch(excluded, -1) {
		without[row[1]] = true
		if with[row[1]] {
			t.Errorf("%s is in both tables", row[1])
		}
	}
	for _, id := range catalogue {
		if !with[id] && !without[id] {
			t.Errorf("%s is in neither table", id)
		}
	}
	for _, table := range []map[string]bool{with, without} {
		for id := range table {
			if !slices.Contains(catalogue, id) {
				t.Errorf("the tables have %s, which the catalogue has not", id)
			}
		}
	}
	if len(without) >= 10 {
		t.Errorf("%d attacks have no test", len(without))
	}
	for name := range tests {
		if of := attackName.FindStringSubmatch(name); of != nil && !slices.Contains(named[name], of[1]+"-"+of[2]) {
			t.Errorf("the row of %s-%s does not name %s", of[1], of[2], name)
		}
	}
	t.Logf("catalogue: %d covered, %d excluded", len(with), len(without))
}

// testsOfTheRepository are the names of all tests, fuzz targets and benchmarks.
func testsOfTheRepository(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil {
				names[function.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
