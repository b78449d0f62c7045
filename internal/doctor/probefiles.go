package doctor

import (
	"fmt"
)

// noFile has the form of an id and names nothing.
const noFile = "AAAAAAAAAAAAAAAAAAAAAAAA"

func tryWrongFile(p *prober) (string, error) {
	a, err := p.ask("file/edit", map[string]any{"changes": []any{
		map[string]any{"action": "edit", "type": "document", "file_id": noFile, "title": "nowhere"},
	}})
	if err != nil || !a.ok() {
		return "answered " + a.Code, err
	}
	return fmt.Sprintf("Ok, %v", len(a.Results) == 1 && a.Results[0]), nil
}

func tryCreatedFiles(p *prober) (string, error) {
	a, err := p.ask("file/edit", map[string]any{"changes": []any{
		map[string]any{"action": "create", "type": "document", "parent_id": noFile, "index": 0, "title": "nowhere"},
	}})
	switch {
	case err != nil || !a.ok():
		return "answered " + a.Code, err
	case a.Created == nil:
		return "absent", nil
	case len(*a.Created) == 0:
		return "[]", nil
	}
	return "made below nothing", nil
}

func tryUnknownVersion(p *prober) (string, error) {
	a, err := p.ask("doc/check_for_updates", map[string]any{"file_ids": []string{noFile, p.doc}})
	if err != nil || !a.ok() {
		return "answered " + a.Code, err
	}
	_, unknown := a.Versions[noFile]
	_, known := a.Versions[p.doc]
	switch {
	case unknown:
		return "told", nil
	case !known:
		return "known ones are left out, too", nil
	}
	return "left out", nil
}

func tryEnvelope(p *prober) (string, error) {
	a, err := p.read()
	switch {
	case err != nil:
		return "", err
	case a.Msg == nil:
		return "_code without _msg", nil
	}
	return "_code with _msg", nil
}

func tryRootType(p *prober) (string, error) {
	list, err := p.must("file/list", map[string]any{})
	if err != nil {
		return "", err
	}
	for _, f := range list.Files {
		if f.ID == list.Root {
			return f.Type, nil
		}
	}
	return "not listed", nil
}

// tryEmptyTitle gives the scratch document no title, and its own again.
func tryEmptyTitle(p *prober) (string, error) {
	a, err := p.rename("")
	if err != nil {
		return "", err
	}
	refused := !a.ok() || len(a.Results) != 1 || !a.Results[0]
	title := ""
	if !refused {
		list, err := p.must("file/list", map[string]any{})
		if err != nil {
			return "", err
		}
		for _, f := range list.Files {
			if f.ID == p.doc {
				title = f.Title
			}
		}
	}
	if _, err := p.rename(ScratchTitle); err != nil {
		return "", fmt.Errorf("give the scratch document its title again: %w", err)
	}
	switch {
	case refused:
		return "refused", nil
	case title == "":
		return "kept empty", nil
	}
	return title, nil
}

func (p *prober) rename(title string) (answer, error) {
	return p.ask("file/edit", map[string]any{"changes": []any{
		map[string]any{"action": "edit", "type": "document", "file_id": p.doc, "title": title},
	}})
}
