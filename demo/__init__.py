"""The module at work: real Terraform deploys it to the local AWS, and users come and go."""
