// act, with the keys of a workflow that it does not know yet.
package main

import (
	"strings"
	_ "unsafe" // for go:linkname

	"github.com/nektos/act/cmd"
	"github.com/nektos/act/pkg/common"
	_ "github.com/nektos/act/pkg/schema"
)

// act refuses a workflow with a key that its schema lacks. These came to GitHub in 2026:
// https://github.blog/changelog/2026-05-07-github-actions-concurrency-groups-now-allow-larger-queues
// https://docs.github.com/actions/how-tos/deploy/configure-and-manage-deployments/control-deployments
var missing = map[string]string{
	`"concurrency-mapping": {`:     `"queue": "string",`,
	`"job-environment-mapping": {`: `"deployment": "boolean",`,
}

//go:linkname workflowSchema github.com/nektos/act/pkg/schema.workflowSchema
var workflowSchema string

func main() {
	for mapping, property := range missing {
		const properties = `"properties": {`
		before, after, found := strings.Cut(workflowSchema, mapping)
		head, tail, opened := strings.Cut(after, properties)
		if !found || !opened {
			panic("act has another schema now, without " + mapping)
		}
		workflowSchema = before + mapping + head + properties + property + tail
	}
	ctx, cancel := common.CreateGracefulJobCancellationContext()
	defer cancel()
	cmd.Execute(ctx, "webgen-deploy")
}
