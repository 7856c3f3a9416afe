'use client';

import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { add } from '../lib/creatives.ts';

export function NewCreative() {
  const router = useRouter();
  const [problem, setProblem] = useState('');

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    try {
      await add(String(new FormData(form).get('title')));
      setProblem('');
      form.reset();
      router.refresh();
    } catch (error) {
      setProblem((error as Error).message);
    }
  }

  return (
    <form onSubmit={submit}>
      <input name="title" placeholder="What is it about?" required maxLength={200} />
      <button type="submit">Make it</button>
      {problem && <p role="alert">{problem}</p>}
    </form>
  );
}
