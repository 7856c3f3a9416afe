// Writes a small vulnerability database in Trivy's format (bolt, schema 2) with invented ids, since
// a test cannot depend on what is vulnerable today.
// usage: trivydb FOLDER UPDATED_AT NEXT_UPDATE (RFC 3339)
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

type fields = map[string]any

// The severities of Trivy: 4 critical, 3 high, 2 medium, 1 low.
var vulnerabilities = map[string]fields{
	"CVE-2099-0001": {"Title": "bash: a value in a variable runs | as a command", "Severity": "CRITICAL", "VendorSeverity": fields{"debian": 4}},
	"CVE-2099-0003": {"Title": "tar: slow on long names", "Severity": "LOW", "VendorSeverity": fields{"debian": 1}},
	"CVE-2099-0004": {"Title": "Jinja2: <script>alert(1)</script> escapes the sandbox", "Severity": "HIGH", "VendorSeverity": fields{"ghsa": 3}},
	"CVE-2099-0006": {"Title": "glibc: will not be fixed", "Severity": "HIGH", "VendorSeverity": fields{"debian": 3}},
}

// Bucket, package, id, advisory. Status 5 is `will_not_fix`, 2 is `affected`.
var advisories = map[string]map[string]map[string]fields{
	"debian 12": {
		"bash":  {"CVE-2099-0001": {"FixedVersion": "9:99-1"}},
		"tar":   {"CVE-2099-0003": {"Status": 2, "Severity": 1}},
		"glibc": {"CVE-2099-0006": {"Status": 5, "Severity": 3}},
	},
	"pip::GitHub Security Advisory Pip": {
		"jinja2": {"CVE-2099-0004": {"PatchedVersions": []string{"99.0.0"}, "VulnerableVersions": []string{"< 99.0.0"}}},
	},
}

var sources = map[string]fields{
	"debian 12":                         {"ID": "debian", "Name": "Debian Security Tracker", "URL": "https://salsa.debian.org/security-tracker-team/security-tracker"},
	"pip::GitHub Security Advisory Pip": {"ID": "ghsa", "Name": "GitHub Security Advisory Pip", "URL": "https://github.com/advisories"},
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func put(bucket *bbolt.Bucket, key string, value any) {
	data, err := json.Marshal(value)
	check(err)
	check(bucket.Put([]byte(key), data))
}

func fill(tx *bbolt.Tx) error {
	details, err := tx.CreateBucketIfNotExists([]byte("vulnerability"))
	check(err)
	for id, value := range vulnerabilities {
		value["Description"] = "Invented for tests."
		put(details, id, value)
	}
	origins, err := tx.CreateBucketIfNotExists([]byte("data-source"))
	check(err)
	for name, value := range sources {
		put(origins, name, value)
	}
	for name, packages := range advisories {
		root, err := tx.CreateBucketIfNotExists([]byte(name))
		check(err)
		for pkg, ids := range packages {
			bucket, err := root.CreateBucketIfNotExists([]byte(pkg))
			check(err)
			for id, value := range ids {
				put(bucket, id, value)
			}
		}
	}
	return nil
}

func main() {
	folder, updated, next := os.Args[1], os.Args[2], os.Args[3]
	check(os.MkdirAll(folder, 0o755))
	db, err := bbolt.Open(filepath.Join(folder, "trivy.db"), 0o644, nil)
	check(err)
	check(db.Update(fill))
	check(db.Close())
	meta, err := json.Marshal(fields{"Version": 2, "UpdatedAt": updated, "NextUpdate": next, "DownloadedAt": "0001-01-01T00:00:00Z"})
	check(err)
	check(os.WriteFile(filepath.Join(folder, "metadata.json"), meta, 0o644))
}
