package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// write writes the results to where they were wanted, and to standard output.
func (o options) write(r *results, f figures) error {
	var b bytes.Buffer
	if err := r.write(&b); err != nil {
		return err
	}
	if _, err := os.Stdout.Write(b.Bytes()); err != nil {
		return err
	}
	if o.output != "" {
		if err := os.WriteFile(o.output, b.Bytes(), 0o644); err != nil {
			return fmt.Errorf("writing the results: %w", err)
		}
	}
	if o.plots == "" || len(f.growth) == 0 {
		return nil
	}
	if err := os.WriteFile(filepath.Join(o.plots, "cost.svg"), plot(f.growth), 0o644); err != nil {
		return fmt.Errorf("writing the plot: %w", err)
	}
	return nil
}
