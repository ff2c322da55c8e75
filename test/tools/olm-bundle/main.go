// Judges an OLM bundle with the library that operator-sdk and the catalogues of Operator Lifecycle Manager use.
//
// Argument: the folder that holds manifests/ and metadata/. Standard output: what is wrong, as a JSON list of texts, each
// with the word ERROR or WARNING in front. Exits with 1 when the bundle cannot be read at all.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/validation"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(directory string) error {
	bundle, err := manifests.GetBundleFromDir(directory)
	if err != nil {
		return err
	}
	findings := []string{}
	validators := validation.DefaultBundleValidators.WithValidators(
		validation.OperatorHubV2Validator,
		validation.StandardCapabilitiesValidator,
		validation.StandardCategoriesValidator,
		validation.GoodPracticesValidator,
	)
	for _, result := range validators.Validate(bundle.ObjectsToValidate()...) {
		for _, finding := range result.Errors {
			findings = append(findings, "ERROR "+finding.Error())
		}
		for _, finding := range result.Warnings {
			findings = append(findings, "WARNING "+finding.Error())
		}
	}
	return json.NewEncoder(os.Stdout).Encode(findings)
}
