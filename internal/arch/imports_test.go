package arch

import (
	"fmt"
	"slices"
	"strings"
)

// checkPackage returns what is wrong with the name, the comment and the place of
// a package in the table.
func checkPackage(p pkg) []string {
	var found []string
	ships := slices.ContainsFunc(p.files, func(f file) bool { return !f.test })
	if _, listed := edges()[p.path]; !listed && p.path != program {
		found = append(found, fmt.Sprintf("%s is not in the import table: say in internal/arch/table_test.go what it may import, "+
			"so that its place is a decision", p.path))
	}
	if slices.Contains(emptyNames(), p.name) {
		found = append(found, fmt.Sprintf("%s: the name %q says nothing: things that share no purpose gather under it", p.path, p.name))
	}
	if ships && p.doc == "" {
		found = append(found, fmt.Sprintf("%s has no package comment: that comment is the design of the package", p.path))
	}
	return found
}

// checkImports returns the imports of a file that the table does not allow.
func checkImports(p pkg, f file) []string {
	var found []string
	for _, path := range f.imports() {
		inside, ours := strings.CutPrefix(path, module+"/")
		switch {
		case ours:
			found = append(found, checkEdge(p.path, inside, f)...)
		case strings.Contains(strings.SplitN(path, "/", 2)[0], "."):
			found = append(found, checkModule(p.path, path, f)...)
		}
	}
	return found
}

// checkEdge judges one import inside the module.
func checkEdge(from, to string, f file) []string {
	test := f.test || forTests(from)
	switch {
	case from == to, test && forTests(to):
		return nil
	case forTests(to):
		return []string{fmt.Sprintf("%s imports %s: a package made for tests does not ship", f.name, to)}
	case from == program, slices.Contains(edges()[from], to):
		return nil
	case f.test && (reaches(from, to) || slices.Contains(testEdges()[from], to)):
		return nil
	}
	return []string{fmt.Sprintf("%s imports %s: %s may import only %s, so that arrows point down and a package can be read "+
		"with what is below it; take a function instead, which cmd/outlast hands in", f.name, to, from, orNothing(edges()[from]))}
}

// reaches reports whether the table leads from one package to another.
func reaches(from, to string) bool {
	return slices.ContainsFunc(edges()[from], func(next string) bool { return next == to || reaches(next, to) })
}

// checkModule judges one import of another's module.
func checkModule(from, path string, f file) []string {
	for _, name := range testModules() {
		if within(path, name) {
			if f.test || forTests(from) {
				return nil
			}
			return []string{fmt.Sprintf("%s imports %s: that module is for tests and does not ship", f.name, path)}
		}
	}
	for name, allowed := range owners() {
		if within(path, name) {
			if slices.Contains(allowed, from) || f.test && within(path, "golang.org/x") {
				return nil
			}
			return []string{fmt.Sprintf("%s imports %s: only %s may, so that to change the module is to change one place",
				f.name, path, strings.Join(allowed, " and "))}
		}
	}
	return []string{fmt.Sprintf("%s imports %s: the module has no owner in internal/arch/table_test.go; "+
		"a dependency is a decision, and one package takes it", f.name, path)}
}

func within(path, module string) bool {
	return path == module || strings.HasPrefix(path, module+"/")
}

func orNothing(names []string) string {
	if len(names) == 0 {
		return "the standard library"
	}
	return strings.Join(names, ", ")
}
