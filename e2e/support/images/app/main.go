// The application that test pods run: it serves HTTP, or fails in the way that it is told.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

var (
	after  = flag.Duration("after", 0, "crash, exit: wait so long first; serve: healthy only then")
	code   = flag.Int("code", 1, "crash: the exit code")
	logs   = flag.Int("logs", 3, "crash: lines of log before the end")
	text   = flag.String("text", "cannot reach the database", "crash: what the last line says")
	marker = flag.String("marker", "/state/crashed", "crash-once: the file that says it has")
	url    = flag.String("url", "", "get: what it asks once; it fails where the answer is not 200")
	health = flag.Int("health", 200, "serve: the status of /health")
	flaps  = flag.Int("flaps", 0, "serve: so often healthy for 3 s and then not for 2 s")
)

func main() {
	mode := "serve"
	if len(os.Args) > 1 {
		mode = os.Args[1]
		os.Args = append(os.Args[:1], os.Args[2:]...)
	}
	flag.Parse()
	go endOnSignal()
	modes := map[string]func(){
		"serve": serve, "crash": crash, "crash-once": crashOnce,
		"fail-once": failOnce, "sick-once": sickOnce,
		"sleep": sleep, "pause": sleep, "exit": exit, "memory": memory, "get": get,
	}
	run, known := modes[mode]
	if !known {
		fmt.Fprintf(os.Stderr, "no mode %q\n", mode)
		os.Exit(2)
	}
	run()
}

func endOnSignal() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	<-ended
	os.Exit(0)
}

func serve() {
	start := time.Now()
	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		second := int(time.Since(start).Seconds())
		if time.Since(start) < *after || second < 5**flaps && second%5 >= 3 {
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(*health)
		fmt.Fprintln(w, http.StatusText(*health))
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s %s\n", env("NAME", "app"), env("VERSION", "1"))
	})
	address := ":" + env("PORT", "8080")
	fmt.Println("listening on", address)
	fmt.Fprintln(os.Stderr, http.ListenAndServe(address, nil))
	os.Exit(1)
}

func crash() {
	for line := 1; line < *logs; line++ {
		fmt.Printf("step %d of %d\n", line, *logs)
	}
	time.Sleep(*after)
	fmt.Fprintln(os.Stderr, "error:", *text)
	os.Exit(*code)
}

// isFirst says whether the marker was not there yet, and leaves it.
func isFirst() bool {
	file, err := os.OpenFile(*marker, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return false
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	file.Close()
	return true
}

func crashOnce() {
	if isFirst() {
		crash()
	}
	*after = 0
	serve()
}

func failOnce() {
	if isFirst() {
		crash()
	}
	exit()
}

func sickOnce() {
	if isFirst() {
		*health = http.StatusInternalServerError
	}
	serve()
}

func exit() {
	time.Sleep(*after)
	fmt.Println("done")
}

func get() {
	client := http.Client{Timeout: 2 * time.Second}
	answer, err := client.Get(*url)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	fmt.Println(*url, answer.Status)
	if answer.StatusCode != http.StatusOK {
		os.Exit(1)
	}
}

func sleep() {
	select {}
}

func memory() {
	var held [][]byte
	for {
		part := make([]byte, 8<<20)
		for index := 0; index < len(part); index += 4096 {
			part[index] = 1
		}
		held = append(held, part)
		fmt.Println("holding", len(held)*8, "MiB")
		time.Sleep(10 * time.Millisecond)
	}
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
