// Asks Karpenter's core what it would do in scenarios: paths as arguments, or one JSON document a line on standard input.
// One line of JSON comes back for each: {"name", "expect"} or {"name", "problem"}.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/karpenter/pkg/operator/logging"
)

type reply struct {
	Name    string `json:"name"`
	Expect  any    `json:"expect,omitempty"`
	Problem string `json:"problem,omitempty"`
}

func main() {
	catalogPath := flag.String("catalog", "", "the catalog.json that scenarios name instance types of")
	flag.Parse()
	log.SetLogger(logging.NopLogger)
	registerLabels()
	registerNodeClass()
	known := &catalog{}
	if *catalogPath != "" {
		content, err := os.ReadFile(*catalogPath)
		if err == nil {
			err = json.Unmarshal(content, known)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "cannot read the catalog:", err)
			os.Exit(2)
		}
	}
	out := json.NewEncoder(os.Stdout)
	if flag.NArg() > 0 {
		for _, path := range flag.Args() {
			content, err := os.ReadFile(path)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(2)
			}
			_ = out.Encode(answer(content, known))
		}
		return
	}
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 1 {
			_ = out.Encode(answer(line, known))
		}
		if err == io.EOF {
			return
		}
	}
}

func answer(content []byte, known *catalog) (found reply) {
	var asked scenario
	defer func() {
		if broken := recover(); broken != nil {
			found = reply{Name: asked.Name, Problem: fmt.Sprintf("panic: %v", broken)}
		}
	}()
	if err := json.Unmarshal(content, &asked); err != nil {
		return reply{Name: asked.Name, Problem: err.Error()}
	}
	w, err := newWorld(&asked, known)
	if err != nil {
		return reply{Name: asked.Name, Problem: err.Error()}
	}
	var expect any
	switch asked.Kind {
	case "", "scheduling":
		expect, err = w.schedule()
	case "disruption":
		expect, err = w.disrupt(&asked)
	default:
		err = fmt.Errorf("nobody here answers questions of kind %s", asked.Kind)
	}
	if err != nil {
		return reply{Name: asked.Name, Problem: err.Error()}
	}
	return reply{Name: asked.Name, Expect: expect}
}
