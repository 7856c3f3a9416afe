module webgen-deploy/e2e/app

go 1.24
